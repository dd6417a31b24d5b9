#include "cli/render/critical_path.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "tests/unit/cli/make_span.h"

namespace clew::cli {
namespace {

constexpr SpanKind kInternal = SpanKind::kInternal;

// Milliseconds on the path by span id (1...), for spans that are already sorted by start.
std::vector<std::uint64_t> PathMillis(const std::vector<SpanView>& spans) {
  const TraceTree tree = BuildTree(spans);
  std::vector<std::uint64_t> millis;
  for (const std::uint64_t nanos : CriticalPath(spans, tree, tree.roots.front()))
    millis.push_back(nanos / 1'000'000);
  return millis;
}

TEST(CriticalPath, OfSequentialCallsIsAllOfThem) {
  EXPECT_EQ(PathMillis({MakeSpan(1, 0, "a", "root", kInternal, 0, 100),
                        MakeSpan(2, 1, "b", "x", kInternal, 10, 40),
                        MakeSpan(3, 1, "c", "y", kInternal, 50, 90)}),
            (std::vector<std::uint64_t>{30, 30, 40}));
}

TEST(CriticalPath, OfParallelCallsIsTheSlowest) {
  EXPECT_EQ(PathMillis({MakeSpan(1, 0, "a", "root", kInternal, 0, 100),
                        MakeSpan(2, 1, "b", "fast", kInternal, 10, 40),
                        MakeSpan(3, 1, "c", "slow", kInternal, 10, 90)}),
            (std::vector<std::uint64_t>{20, 0, 80}));
}

TEST(CriticalPath, CountsAChildThatOutlivesItsParentUpToTheParentsEnd) {
  EXPECT_EQ(PathMillis({MakeSpan(1, 0, "a", "root", kInternal, 0, 100),
                        MakeSpan(2, 1, "b", "x", kInternal, 60, 900)}),
            (std::vector<std::uint64_t>{60, 40}));
}

TEST(CriticalPath, AddsUpToTheRootsDurationForAnyTimes) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<SpanView> spans = {MakeSpan(1, 0, "a", "root", kInternal, 0, 100)};
    for (std::uint8_t id = 2; id < 30; ++id) {
      const double start = static_cast<double>(random() % 200);
      spans.push_back(MakeSpan(id, static_cast<std::uint8_t>(1 + random() % (id - 1)), "s", "n",
                               kInternal, start, start + static_cast<double>(random() % 80)));
    }
    const TraceTree tree = BuildTree(spans);
    const auto path = CriticalPath(spans, tree, tree.roots.front());
    EXPECT_EQ(std::accumulate(path.begin(), path.end(), std::uint64_t{0}), 100'000'000u);
  }
}

}  // namespace
}  // namespace clew::cli
