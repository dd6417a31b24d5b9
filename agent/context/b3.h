// B3 propagation, accepted when no `traceparent` came in. Source:
// github.com/openzipkin/b3-propagation.
//
//   b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90      (or only: b3: 0)
//   X-B3-TraceId, X-B3-SpanId, X-B3-Sampled, X-B3-Flags                           (one header each)
#pragma once

#include <optional>
#include <string_view>

#include "base/ids.h"

namespace clew::context {

struct B3 {
  TraceId trace_id;  // both ids valid, or both not: the peer only decided about sampling
  SpanId parent_id;
  std::optional<bool> sampled;  // nothing: the decision is left to us

  bool has_ids() const { return trace_id.valid() && parent_id.valid(); }
};

// The value of one `b3` header. A trace id of 16 digits is the lower half of one of 32.
std::optional<B3> ParseB3Single(std::string_view value);

// The values of the X-B3-* headers, empty: absent. Nothing when they neither hold ids nor a
// decision, or are invalid.
struct B3Multi {
  std::string_view trace_id, span_id, sampled, flags;
};
std::optional<B3> ParseB3Multi(const B3Multi& headers);

}  // namespace clew::context
