// Spans of one append that are not sealed yet: durable in the family `hot`, and here for queries.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "store/engine/edges.h"
#include "store/span_record.h"

namespace clew::store {

// Never changed once it is made. Any thread.
class HotChunk {
 public:
  // `calls`: those that these spans complete. `earliest`: see below.
  HotChunk(std::uint64_t sequence, SpanBatch spans, std::vector<Call> calls, UnixNanos earliest);

  std::uint64_t sequence() const { return sequence_; }
  const SpanBatch& spans() const { return spans_; }
  const std::vector<Call>& calls() const { return calls_; }
  // Of the serialized spans and what they refer to, as ContextBytes.
  std::size_t bytes() const { return bytes_; }
  // No trace in it started before, as far as was known when it came: spans elsewhere counted in.
  UnixNanos earliest() const { return earliest_; }

  // Spans of a trace, in order of start, then id; empty without any.
  std::span<const SpanRecord* const> Of(const TraceId& trace) const;
  // Calls `each` with the spans of every trace, ids rising.
  void EachTrace(const std::function<void(std::span<const SpanRecord* const>)>& each) const;

 private:
  const std::uint64_t sequence_;
  const SpanBatch spans_;
  const std::vector<Call> calls_;
  const UnixNanos earliest_;
  std::size_t bytes_ = 0;
  std::vector<const SpanRecord*> by_trace_;  // by trace, start, id
};

// All chunks, oldest first. A change makes a new list.
using HotList = std::vector<std::shared_ptr<const HotChunk>>;

// In order of start, then id: the order of a trace's spans everywhere in the store.
inline bool StartsBefore(const SpanRecord& a, const SpanRecord& b) {
  return a.start != b.start ? a.start < b.start : a.span_id < b.span_id;
}

}  // namespace clew::store
