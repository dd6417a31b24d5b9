// The trace context that a request's headers carry, whatever format they use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/context/b3.h"
#include "base/ids.h"

namespace clew::context {

// The propagation headers of one message, as views of it. A header that is absent is an empty view.
struct PropagationHeaders {
  int traceparent_count = 0;  // two are as bad as an invalid one
  std::string_view traceparent;
  std::vector<std::string_view> tracestate;  // one per header, in order
  std::string_view b3;
  B3Multi b3_multi;
};

enum class Carrier : std::uint8_t { kNone, kTraceparent, kB3 };

struct Extracted {
  Carrier carrier = Carrier::kNone;  // what the ids are from
  TraceId trace_id;                  // valid unless kNone
  SpanId parent_id;                  // valid unless kNone
  // W3C flags. With kNone: what a new trace is to begin with, sampled unless the peer decided
  // against it.
  std::uint8_t flags = 0;
  std::string trace_state;  // only with kTraceparent
};

// Precedence: a traceparent, even an invalid one, hides B3; a valid b3 hides X-B3-*.
Extracted Extract(const PropagationHeaders& headers);

}  // namespace clew::context
