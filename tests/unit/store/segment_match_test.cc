// Columns and filters say the same of a query as the matcher that looks at whole spans.
#include "store/segment/segment_match.h"

#include <gtest/gtest.h>

#include "random_queries.h"
#include "store/query/format.h"
#include "store/query/matcher.h"
#include "store/segment/encoder.h"
#include "test_spans.h"

namespace clew::store {
namespace {

TEST(SegmentMatch, RowsAreThoseThatTheMatcherFindsAndTheFilterLetsNoneSlip) {
  int matched = 0;
  int ruled_out = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomQuestions random(seed);
    SpanBatch spans;
    const std::size_t count = 1 + random.Below(30);
    for (std::size_t i = 0; i < count; ++i) {
      TestSpan span = random.Span();
      span.trace = i;
      span.start_ms = 1000 + i;
      spans.push_back(MakeSpan(span));
    }
    SegmentEncoder encoder;
    for (const SpanRecord& span : spans) {
      const SegmentRow row{&span, 1};
      encoder.AddTrace({&row, 1}, "");
    }
    const EncodedSegment encoded = encoder.Finish();
    const auto segment = SegmentReader::Open(encoded.bytes);
    const auto filter = TermFilter::Open(encoded.filter);
    ASSERT_TRUE(segment && filter);
    for (int i = 0; i < 60; ++i) {
      const Query query = random.Query();
      SCOPED_TRACE(FormatConditions(query.conditions));
      const auto matcher = Matcher::Make(query);
      ASSERT_TRUE(matcher);
      const auto rows = MatchRows(**segment, matcher->span_predicates());
      ASSERT_TRUE(rows) << rows.error().message;
      const bool may = FilterQuery(matcher->span_predicates()).MayMatch(*filter);
      ASSERT_EQ(rows->size(), spans.size());
      for (std::size_t row = 0; row < spans.size(); ++row) {
        const bool matches = matcher->MatchesSpan(spans[row]);
        EXPECT_EQ((*rows)[row] != 0, matches) << row;
        EXPECT_TRUE(may || !matches) << row;
        matched += matches ? 1 : 0;
      }
      ruled_out += may ? 0 : 1;
    }
  }
  EXPECT_GT(matched, 100);
  EXPECT_GT(ruled_out, 100);
}

}  // namespace
}  // namespace clew::store
