#include "store/summary.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "test_spans.h"

namespace clew::store {
namespace {

TEST(Summary, IsTheSameInEveryOrderOfArrival) {
  std::vector<SpanRecord> spans = {
      MakeSpan({.id = 4, .parent = 9, .service = "db", .start_ms = 5, .error = true}),
      MakeSpan({.id = 3, .service = "late-root", .start_ms = 50}),
      MakeSpan({.id = 2, .service = "shop", .name = "root", .start_ms = 20, .duration_ms = 100}),
      MakeSpan({.id = 1, .parent = 2, .service = "shop", .name = "child", .start_ms = 30}),
  };
  std::vector<int> order = {0, 1, 2, 3};
  std::string first;
  do {
    Summary summary;
    for (const int i : order) summary.Add(GlanceAt(spans[static_cast<std::size_t>(i)]));
    const std::string bytes = EncodeSummary(summary);
    if (first.empty()) first = bytes;
    EXPECT_EQ(bytes, first);
    EXPECT_EQ(summary.lead.name, "root");
    EXPECT_EQ(summary.start, UnixNanosFrom(5'000'000));
    EXPECT_EQ(summary.end, UnixNanosFrom(120'000'000));
    EXPECT_EQ(summary.error_count, 1u);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Summary, MergesToTheSameHoweverTheSpansAreDivided) {
  const std::vector<SpanRecord> spans = {
      MakeSpan({.id = 4, .parent = 9, .service = "db", .start_ms = 5, .error = true}),
      MakeSpan({.id = 3, .service = "late-root", .start_ms = 50}),
      MakeSpan({.id = 2, .service = "shop", .name = "root", .start_ms = 20, .duration_ms = 100}),
  };
  Summary whole;
  for (const SpanRecord& span : spans) whole.Add(GlanceAt(span));
  for (int members = 0; members < 8; ++members) {
    Summary some;
    Summary others;
    for (int i = 0; i < 3; ++i) {
      Summary& part = (members >> i & 1) != 0 ? some : others;
      part.Add(GlanceAt(spans[static_cast<std::size_t>(i)]));
    }
    some.Merge(others);
    EXPECT_EQ(EncodeSummary(some), EncodeSummary(whole)) << members;
  }
}

TEST(Summary, ComesBackFromItsBytes) {
  Summary summary;
  summary.Add(GlanceAt(MakeSpan({.id = 1})));
  summary.Add(
      GlanceAt(MakeSpan({.id = 2, .parent = 1, .service = "db", .name = "SELECT", .error = true})));
  const std::string bytes = EncodeSummary(summary);
  const auto decoded = DecodeSummary(bytes);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(EncodeSummary(*decoded), bytes);
}

TEST(Summary, GarbageIsCorrupt) {
  EXPECT_FALSE(DecodeSummary(""));
  EXPECT_FALSE(DecodeSummary("\xff\xff"));
  // Services out of order would break the binary search.
  EXPECT_FALSE(
      DecodeSummary("\x20\x01\x32\x01"
                    "b"
                    "\x32\x01"
                    "a"));
}

TEST(Summary, ManyServicesAreBounded) {
  Summary summary;
  for (std::uint64_t i = 0; i < kMaxSummaryServices + 10; ++i) {
    summary.Add(GlanceAt(MakeSpan({.id = i + 1, .service = "service-" + std::to_string(i)})));
  }
  EXPECT_EQ(summary.services.size(), kMaxSummaryServices);
  EXPECT_EQ(summary.span_count, kMaxSummaryServices + 10);
}

}  // namespace
}  // namespace clew::store
