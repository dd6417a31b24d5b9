#include "agent/export/span_queue.h"

#include <gtest/gtest.h>

namespace clew::exporting {
namespace {

EncodedSpan Span(const std::string& bytes, bool important = false) {
  return {.bytes = bytes, .important = important};
}

std::string Popped(SpanQueue& queue, std::size_t spans = 100, std::size_t bytes = 1 << 20) {
  std::string out;
  for (const EncodedSpan& span : queue.Pop(spans, bytes)) out += span.bytes;
  return out;
}

TEST(SpanQueue, ImportantSpansPushOrdinaryOnesOutAndNotTheOtherWayRound) {
  SpanQueue queue({.spans = 3});
  EXPECT_EQ(queue.Push(Span("a")), 0u);
  EXPECT_EQ(queue.Push(Span("b")), 0u);
  EXPECT_EQ(queue.Push(Span("c")), 0u);
  EXPECT_EQ(queue.Push(Span("d")), 1u);        // d itself
  EXPECT_EQ(queue.Push(Span("E", true)), 1u);  // a
  EXPECT_EQ(queue.Push(Span("F", true)), 1u);  // b
  EXPECT_EQ(queue.Push(Span("G", true)), 1u);  // c
  EXPECT_EQ(queue.Push(Span("H", true)), 1u);  // H: nothing ordinary is left
  EXPECT_EQ(Popped(queue), "EFG");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(SpanQueue, BytesAreBoundedToo) {
  SpanQueue queue({.spans = 1000, .bytes = 10'000});
  std::size_t lost = 0;
  for (int i = 0; i < 100; ++i) lost += queue.Push(Span(std::string(1000, 'x')));
  EXPECT_LE(queue.bytes(), 10'000u);
  EXPECT_EQ(queue.size() + lost, 100u);
  EXPECT_GT(queue.Push(Span(std::string(5000, 'y'), true)), 1u) << "as many as it takes";
  EXPECT_LE(queue.bytes(), 10'000u);
}

TEST(SpanQueue, ABatchIsBoundedBySpansAndBytesButNeverEmpty) {
  SpanQueue queue({});
  for (int i = 0; i < 10; ++i) queue.Push(Span("0123456789"));
  EXPECT_EQ(queue.Pop(3, 1000).size(), 3u);
  EXPECT_EQ(queue.Pop(100, 25).size(), 2u);
  EXPECT_EQ(queue.Pop(100, 1).size(), 1u);
  EXPECT_EQ(queue.Pop(100, 1000).size(), 4u);
  EXPECT_TRUE(queue.Pop(100, 1000).empty());
}

}  // namespace
}  // namespace clew::exporting
