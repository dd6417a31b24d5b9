#include "agent/context/extract.h"

#include "agent/context/traceparent.h"
#include "agent/context/tracestate.h"

namespace clew::context {

Extracted Extract(const PropagationHeaders& headers) {
  Extracted result;
  result.flags = kFlagSampled;
  if (headers.traceparent_count > 0) {
    if (headers.traceparent_count > 1) return result;
    const auto parsed = ParseTraceparent(headers.traceparent);
    if (!parsed) return result;
    result.carrier = Carrier::kTraceparent;
    result.trace_id = parsed->trace_id;
    result.parent_id = parsed->parent_id;
    result.flags = parsed->flags;
    if (!headers.tracestate.empty()) {
      result.trace_state = CombineTracestate(headers.tracestate).value_or("");
    }
    return result;
  }

  auto b3 = headers.b3.empty() ? std::nullopt : ParseB3Single(headers.b3);
  if (!b3) b3 = ParseB3Multi(headers.b3_multi);
  if (!b3) return result;
  if (b3->sampled == false) result.flags = 0;
  if (b3->has_ids()) {
    result.carrier = Carrier::kB3;
    result.trace_id = b3->trace_id;
    result.parent_id = b3->parent_id;
  }
  return result;
}

}  // namespace clew::context
