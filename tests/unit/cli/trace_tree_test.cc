#include "cli/render/trace_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "cli/render/critical_path.h"
#include "cli/render/rows.h"
#include "tests/unit/cli/make_span.h"

namespace clew::cli {
namespace {

constexpr SpanKind kServer = SpanKind::kServer;
constexpr SpanKind kClient = SpanKind::kClient;

// "name@depth ..." from top to bottom; a placeholder is "?".
std::string Outline(const std::vector<SpanView>& spans, bool fold = false) {
  const TraceTree tree = BuildTree(spans);
  std::string out;
  for (const Row& row : LayOutRows(spans, tree, fold)) {
    const std::size_t span = tree.nodes[row.node].span;
    out += (out.empty() ? "" : " ") + (span == kNone ? "?" : spans[span].name) + "@" +
           std::to_string(row.depth);
  }
  return out;
}

TEST(BuildTree, OrdersChildrenByStartWhateverTheOrderOfArrival) {
  std::vector<SpanView> spans = {
      MakeSpan(1, 0, "a", "root", kServer, 0, 100), MakeSpan(2, 1, "a", "late", kClient, 50, 60),
      MakeSpan(3, 1, "a", "early", kClient, 10, 40), MakeSpan(4, 3, "b", "leaf", kServer, 15, 30)};
  std::mt19937 random(1);
  for (int i = 0; i < 30; ++i) {
    std::shuffle(spans.begin(), spans.end(), random);
    EXPECT_EQ(Outline(spans), "root@0 early@1 leaf@2 late@1");
    EXPECT_TRUE(BuildTree(spans).complete());
  }
}

TEST(BuildTree, OrphansOfOneParentShareAPlaceholder) {
  const std::vector<SpanView> spans = {
      MakeSpan(1, 0, "a", "root", kServer, 0, 100), MakeSpan(2, 9, "b", "x", kServer, 20, 30),
      MakeSpan(3, 9, "b", "y", kServer, 40, 50), MakeSpan(4, 8, "b", "z", kServer, 10, 50)};
  EXPECT_EQ(Outline(spans), "root@0 ?@0 z@1 ?@0 x@1 y@1");
  const TraceTree tree = BuildTree(spans);
  EXPECT_EQ(tree.missing_parents, 2u);
  EXPECT_FALSE(tree.complete());
}

TEST(BuildTree, ASpanSentTwiceIsShownOnce) {
  const std::vector<SpanView> spans = {MakeSpan(1, 0, "a", "root", kServer, 0, 100),
                                       MakeSpan(2, 1, "a", "call", kClient, 10, 20),
                                       MakeSpan(2, 1, "a", "call", kClient, 10, 20)};
  EXPECT_EQ(Outline(spans), "root@0 call@1");
  EXPECT_EQ(BuildTree(spans).duplicates, 1u);
}

TEST(BuildTree, AnIdSharedByClientAndServerIsACall) {
  const std::vector<SpanView> spans = {MakeSpan(1, 0, "a", "root", kServer, 0, 100),
                                       MakeSpan(2, 1, "b", "server", kServer, 12, 18),
                                       MakeSpan(2, 1, "a", "client", kClient, 10, 20),
                                       MakeSpan(3, 2, "b", "inside", kClient, 13, 14)};
  EXPECT_EQ(Outline(spans), "root@0 client@1 server@2 inside@3");
}

TEST(BuildTree, LoopsAreCutAboveTheirEarliestSpan) {
  EXPECT_EQ(Outline({MakeSpan(1, 1, "a", "self", kServer, 0, 1)}), "self@0");
  const std::vector<SpanView> spans = {
      MakeSpan(1, 3, "a", "one", kServer, 5, 6), MakeSpan(2, 1, "a", "two", kServer, 2, 3),
      MakeSpan(3, 2, "a", "three", kServer, 9, 10), MakeSpan(4, 3, "a", "tail", kServer, 11, 12)};
  EXPECT_EQ(Outline(spans), "two@0 three@1 one@2 tail@2");
  EXPECT_EQ(BuildTree(spans).loops, 1u);
  EXPECT_FALSE(BuildTree(spans).complete());
}

TEST(BuildTree, EveryRandomGraphIsDrawnCompletelyAndOnce) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<SpanView> spans;
    const int count = 1 + static_cast<int>(random() % 40);
    for (int i = 1; i <= count; ++i) {
      const auto kind = static_cast<SpanKind>(random() % 6);
      const double start = static_cast<double>(random() % 50);
      spans.push_back(MakeSpan(static_cast<std::uint8_t>(1 + random() % 30),
                               static_cast<std::uint8_t>(random() % 34), "s", "n", kind, start,
                               start + static_cast<double>(random() % 50)));
    }
    const TraceTree tree = BuildTree(spans);
    EXPECT_EQ(tree.spans + tree.duplicates, spans.size());
    for (const bool fold : {false, true}) {
      std::vector<int> drawn(tree.nodes.size(), 0);
      for (const Row& row : LayOutRows(spans, tree, fold)) {
        ++drawn[row.node];
        if (row.client != kNone) ++drawn[row.client];
      }
      EXPECT_TRUE(std::all_of(drawn.begin(), drawn.end(), [](int n) { return n == 1; }));
    }
  }
}

TEST(BuildTree, AChainOfAHundredThousandSpansNeedsNoStack) {
  std::vector<SpanView> spans;
  for (std::uint32_t i = 1; i <= 100'000; ++i) {
    SpanView span = MakeSpan(0, 0, "s", "n", SpanKind::kInternal, 0, 1);
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&i), 4, span.span_id.bytes.begin());
    const std::uint32_t parent = i - 1;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&parent), 4, span.parent_id.bytes.begin());
    spans.push_back(std::move(span));
  }
  const TraceTree tree = BuildTree(spans);
  const auto rows = LayOutRows(spans, tree, true);
  ASSERT_EQ(rows.size(), 100'000u);
  EXPECT_EQ(rows.back().depth, 99'999u);
  EXPECT_EQ(CriticalPath(spans, tree, tree.roots.front()).size(), tree.nodes.size());
}

TEST(LayOutRows, FoldsACallWithItsAnswerButNotARetriedCall) {
  std::vector<SpanView> spans = {MakeSpan(1, 0, "a", "root", kServer, 0, 100),
                                 MakeSpan(2, 1, "a", "call", kClient, 10, 40),
                                 MakeSpan(3, 2, "b", "answer", kServer, 15, 30)};
  EXPECT_EQ(Outline(spans, true), "root@0 answer@1");
  spans.push_back(MakeSpan(4, 2, "b", "again", kServer, 32, 38));
  EXPECT_EQ(Outline(spans, true), "root@0 call@1 answer@2 again@2");
}

TEST(LayOutRows, KeepsACallerThatNoOtherRowNames) {
  EXPECT_EQ(Outline({MakeSpan(1, 0, "curl", "call", kClient, 0, 10),
                     MakeSpan(2, 1, "a", "answer", kServer, 1, 9)},
                    true),
            "call@0 answer@1");
  EXPECT_EQ(Outline({MakeSpan(1, 9, "a", "call", kClient, 0, 10),
                     MakeSpan(2, 1, "b", "answer", kServer, 1, 9)},
                    true),
            "?@0 call@1 answer@2");
}

}  // namespace
}  // namespace clew::cli
