#include "agent/protocols/request_context.h"

#include <cstring>

namespace clew::protocols {
namespace {

// The ids of a context that the kernel side decided; false when it left the decision to us.
bool CopyIds(const clew_context& kernel, TraceContext& out) {
  if (kernel.origin == CLEW_ORIGIN_NONE) return false;
  std::memcpy(out.trace_id.bytes.data(), kernel.trace_id, TraceId::kSize);
  std::memcpy(out.span_id.bytes.data(), kernel.span_id, SpanId::kSize);
  if (!out.trace_id.valid() || !out.span_id.valid()) return false;
  std::memcpy(out.parent_id.bytes.data(), kernel.parent_id, SpanId::kSize);
  out.flags = kernel.trace_flags;
  out.origin = kernel.origin;
  return true;
}

}  // namespace

TraceContext DecideContext(Role role, const clew_context* kernel,
                           const context::PropagationHeaders& headers, context::IdSource& ids) {
  TraceContext result;
  if (kernel != nullptr) {
    result.link = kernel->link;
    result.inject = kernel->inject;
    result.none = kernel->none;
    if (CopyIds(*kernel, result)) {
      result.awaits_handback = role == Role::kClient && kernel->awaits_handback != 0;
      if (!headers.tracestate.empty()) {
        context::Extracted received = context::Extract(headers);
        if (received.trace_id == result.trace_id)
          result.trace_state = std::move(received.trace_state);
      }
      return result;
    }
  }

  context::Extracted received = context::Extract(headers);
  result.flags = received.flags;
  result.parent_id = SpanId{};
  if (received.carrier == context::Carrier::kNone) {
    result.origin = CLEW_ORIGIN_NEW;
    result.trace_id = ids.NewTraceId();
    result.span_id = ids.NewSpanId();
    return result;
  }
  result.trace_id = received.trace_id;
  result.trace_state = std::move(received.trace_state);
  if (role == Role::kClient) {
    result.origin = CLEW_ORIGIN_ADOPTED;
    result.span_id = received.parent_id;  // the caller's span as the application knows it
  } else {
    result.origin =
        received.carrier == context::Carrier::kB3 ? CLEW_ORIGIN_B3 : CLEW_ORIGIN_TRACEPARENT;
    result.span_id = ids.NewSpanId();
    result.parent_id = received.parent_id;
  }
  return result;
}

}  // namespace clew::protocols
