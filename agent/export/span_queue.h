// Spans that wait for their batch. When not all can be kept, errors and slow ones are.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <vector>

#include "agent/export/otlp_encoder.h"

namespace clew::exporting {

struct SpanQueueLimits {
  std::size_t spans = 16384;
  std::size_t bytes = 24 << 20;
};

// Not thread-safe: the exporter's lock guards it.
class SpanQueue {
 public:
  explicit SpanQueue(SpanQueueLimits limits) : limits_(limits) {}

  // How many spans were given up for this: 0, the new one itself, or older ordinary ones that made
  // room for an important one.
  std::size_t Push(EncodedSpan span);
  // Up to `max_spans` of together at most `max_bytes`, but always one; important ones first, each
  // class in order.
  std::vector<EncodedSpan> Pop(std::size_t max_spans, std::size_t max_bytes);

  std::size_t size() const { return important_.size() + ordinary_.size(); }
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return size() == 0; }

 private:
  // What a waiting span costs beyond its bytes.
  static constexpr std::size_t kOverhead = sizeof(EncodedSpan) + 16;
  static std::size_t Cost(const EncodedSpan& span) { return span.bytes.size() + kOverhead; }
  bool HasRoomFor(const EncodedSpan& span) const {
    return size() < limits_.spans && bytes_ + Cost(span) <= limits_.bytes;
  }

  const SpanQueueLimits limits_;
  std::deque<EncodedSpan> important_;
  std::deque<EncodedSpan> ordinary_;
  std::size_t bytes_ = 0;
};

}  // namespace clew::exporting
