#include "agent/conn/late_parents.h"

#include <cstring>
#include <iterator>
#include <utility>

namespace clew::conn {
namespace {

template <typename Id>
Id IdFrom(const std::uint8_t (&bytes)[Id::kSize]) {
  Id id;
  std::memcpy(id.bytes.data(), bytes, Id::kSize);
  return id;
}

}  // namespace

void LateParents::Push(protocols::Exchange exchange) {
  if (!exchange.context.awaits_handback) return out_.Push(std::move(exchange));
  auto call = FindOrAdd(exchange.context.span_id);
  if (call->exchange) {  // ids are random, but those of a recording may be anything
    Release(call);
    call = FindOrAdd(exchange.context.span_id);
  }
  call->exchange = std::move(exchange);
  if (call->decided) Release(call);
}

void LateParents::OnHandback(const clew_handback_event& event) {
  const auto span_id = IdFrom<SpanId>(event.span_id);
  if (!span_id.valid()) return;
  switch (event.verdict) {
    case CLEW_HANDBACK_LIKELY: {
      const Parent parent{IdFrom<TraceId>(event.trace_id), IdFrom<SpanId>(event.parent_id)};
      if (parent.trace_id.valid() && parent.span_id.valid())
        FindOrAdd(span_id)->parent = parent;
      return;
    }
    case CLEW_HANDBACK_SURE:
    case CLEW_HANDBACK_NOBODY: {
      const auto call = FindOrAdd(span_id);
      if (event.verdict == CLEW_HANDBACK_NOBODY) call->parent.reset();
      call->decided = true;
      if (call->exchange) Release(call);
      return;
    }
    default:
      return;
  }
}

LateParents::Calls::iterator LateParents::FindOrAdd(const SpanId& span_id) {
  if (const auto known = index_.find(span_id); known != index_.end()) return known->second;
  if (calls_.size() >= options_.max_waiting) Release(calls_.begin());
  calls_.push_back({.span_id = span_id, .due = now_ + options_.wait, .exchange = {}, .parent = {}});
  return index_.emplace(span_id, std::prev(calls_.end())).first->second;
}

void LateParents::Release(Calls::iterator call) {
  if (call->exchange) {
    auto& counter = call->parent ? linked_ : unlinked_;
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (call->parent) {
      call->exchange->context.late_trace_id = call->parent->trace_id;
      call->exchange->context.late_parent_id = call->parent->span_id;
    }
    out_.Push(std::move(*call->exchange));
  }
  index_.erase(call->span_id);
  calls_.erase(call);
}

void LateParents::OnDrained(KernelNanos now) {
  now_ = now;
  while (!calls_.empty() && calls_.front().due <= now) Release(calls_.begin());
}

void LateParents::Flush() {
  while (!calls_.empty()) Release(calls_.begin());
}

std::vector<NamedCounter> LateParents::Counters() const {
  return {
      {"handback_linked", "Calls of pools whose request was found when they handed their result back.",
       linked_.load(std::memory_order_relaxed)},
      {"handback_unlinked", "... and was not.", unlinked_.load(std::memory_order_relaxed)},
  };
}

}  // namespace clew::conn
