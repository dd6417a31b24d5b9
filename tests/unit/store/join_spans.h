// Spans that are the two ends of one call.
#pragma once

#include <cstdint>
#include <string>

#include "test_spans.h"

namespace clew::store {

// The CLIENT or the SERVER span of the call with this number, each a trace of its own.
inline TestSpan CallEnd(bool client, std::uint64_t trace, std::int64_t call = 7) {
  const std::string ends[] = {"::1", "::2"};
  TestSpan span{.trace = trace, .id = trace, .service = client ? "caller" : "called"};
  span.kind = client ? 3 : 2;
  span.attributes = {{"network.local.address", ends[client ? 0 : 1]},
                     {"network.local.port", std::int64_t{80}},
                     {"network.peer.address", ends[client ? 1 : 0]},
                     {"network.peer.port", std::int64_t{80}},
                     {"clew.request.tcp_seq", call}};
  return span;
}

}  // namespace clew::store
