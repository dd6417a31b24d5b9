#include "store/engine/hot_chunk.h"

#include <algorithm>

#include "store/context_bytes.h"

namespace clew::store {

HotChunk::HotChunk(std::uint64_t sequence, SpanBatch spans, std::vector<Call> calls,
                   UnixNanos earliest)
    : sequence_(sequence), spans_(std::move(spans)), calls_(std::move(calls)), earliest_(earliest) {
  by_trace_.reserve(spans_.size());
  ContextBytes bytes;
  for (const SpanRecord& span : spans_) {
    bytes_ += bytes.Add(span);
    by_trace_.push_back(&span);
  }
  std::sort(by_trace_.begin(), by_trace_.end(), [](const SpanRecord* a, const SpanRecord* b) {
    return a->trace_id != b->trace_id ? a->trace_id < b->trace_id : StartsBefore(*a, *b);
  });
}

std::span<const SpanRecord* const> HotChunk::Of(const TraceId& trace) const {
  const auto begin = std::lower_bound(
      by_trace_.begin(), by_trace_.end(), trace,
      [](const SpanRecord* span, const TraceId& id) { return span->trace_id < id; });
  auto end = begin;
  while (end != by_trace_.end() && (*end)->trace_id == trace) ++end;
  return {begin, end};
}

void HotChunk::EachTrace(
    const std::function<void(std::span<const SpanRecord* const>)>& each) const {
  for (auto begin = by_trace_.begin(); begin != by_trace_.end();) {
    auto end = begin;
    while (end != by_trace_.end() && (*end)->trace_id == (*begin)->trace_id) ++end;
    each({begin, end});
    begin = end;
  }
}

}  // namespace clew::store
