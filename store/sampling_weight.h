// How many spans a sampled one stands for.
#pragma once

#include <string_view>

namespace clew::store {

// The inverse of the probability with which a span was kept, from the rejection threshold `th` of
// the `ot` member of its W3C tracestate; 1 without one, or with one that is malformed. At most
// 2^32: a forged threshold must not drown all other counts. Source: OpenTelemetry specification,
// "TraceState: Probability Sampling" (th: 1 to 14 hex digits, trailing zeros left out; the
// probability is 1 - th / 2^56).
double SamplingWeight(std::string_view trace_state);

}  // namespace clew::store
