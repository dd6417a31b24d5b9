#include "agent/export/span_queue.h"

#include <utility>

namespace clew::exporting {

std::size_t SpanQueue::Push(EncodedSpan span) {
  std::size_t given_up = 0;
  while (!HasRoomFor(span)) {
    if (!span.important || ordinary_.empty()) return given_up + 1;
    bytes_ -= Cost(ordinary_.front());
    ordinary_.pop_front();
    ++given_up;
  }
  bytes_ += Cost(span);
  (span.important ? important_ : ordinary_).push_back(std::move(span));
  return given_up;
}

std::vector<EncodedSpan> SpanQueue::Pop(std::size_t max_spans, std::size_t max_bytes) {
  std::vector<EncodedSpan> out;
  out.reserve(std::min(max_spans, size()));
  std::size_t taken = 0;
  for (std::deque<EncodedSpan>* from : {&important_, &ordinary_}) {
    while (!from->empty() && out.size() < max_spans) {
      EncodedSpan& next = from->front();
      if (!out.empty() && taken + next.bytes.size() > max_bytes) return out;
      taken += next.bytes.size();
      bytes_ -= Cost(next);
      out.push_back(std::move(next));
      from->pop_front();
    }
  }
  return out;
}

}  // namespace clew::exporting
