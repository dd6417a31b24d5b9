#include "store/keys.h"

#include <gtest/gtest.h>

#include "test_spans.h"

namespace clew::store {
namespace {

TEST(Keys, HotKeysSortInOrderOfArrival) {
  EXPECT_EQ(DecodeHotKey(EncodeHotKey(300)), 300u);
  EXPECT_LT(EncodeHotKey(300), EncodeHotKey(65536));
}

TEST(Keys, SegmentKeysSortByBucketThenNumber) {
  const SegmentKey key{7, 300};
  EXPECT_EQ(DecodeSegmentKey(Encode(key)), key);
  EXPECT_LT(Encode(key), Encode(SegmentKey{7, 65536}));
  EXPECT_LT(Encode(SegmentKey{7, 65536}), Encode(SegmentKey{8, 0}));
  EXPECT_EQ(MetaKey(key), "segment/" + Encode(key));
}

TEST(Keys, KnownBytesOfASegmentKey) {
  // The example of docs/formats/keys.md: a change here is a change of the format.
  EXPECT_EQ(Encode(SegmentKey{0x000786a0, 17}),
            std::string("\x00\x07\x86\xa0\x00\x00\x00\x00\x00\x00\x00\x11", 12));
}

TEST(Keys, PartsComeBackInTheirOrder) {
  const std::vector<SegmentKey> parts = {{7, 3}, {7, 4}, {9, 12}};
  EXPECT_EQ(DecodeParts(EncodeParts(parts)), parts);
  EXPECT_FALSE(DecodeParts(""));
}

TEST(Keys, AnEdgeKeyKeepsServicesApartWhoseBytesRunTogether) {
  const EdgeKey key{5, 7, "ab", "c"};
  EXPECT_EQ(DecodeEdgeKey(Encode(key)), key);
  EXPECT_NE(Encode(key), Encode(EdgeKey{5, 7, "a", "bc"}));
  EXPECT_TRUE(Encode(key).starts_with(EdgeHourPrefix(5)));
  EXPECT_TRUE(Encode(key).starts_with(EdgePrefix(5, 7)));
}

TEST(Keys, CountsOfABucketLieTogether) {
  const CountsKey service{5, CountsKey::kService, "shop"};
  const CountsKey attribute{5, 2, std::string("\xff\0", 2)};
  for (const CountsKey& key : {service, attribute}) {
    EXPECT_EQ(DecodeCountsKey(Encode(key)), key);
    EXPECT_TRUE(Encode(key).starts_with(CountsPrefix(5)));
    EXPECT_LT(Encode(key), EndOfRows(CountsPrefix(5)));
    EXPECT_LT(EndOfRows(CountsPrefix(5)), Encode(CountsKey{6, 0, ""}));
  }
  EXPECT_FALSE(DecodeCountsKey(CountsPrefix(5)));
  EXPECT_FALSE(DecodeCountsKey(CountsPrefix(5) + "\x03name"));
}

TEST(Keys, EdgesOfAnHourAndABucketLieTogether) {
  const std::string last = Encode(EdgeKey{5, 7, std::string(kMaxServiceName, '\xff'), "\xff"});
  EXPECT_LT(last, EndOfRows(EdgePrefix(5, 7)));
  EXPECT_LT(EndOfRows(EdgePrefix(5, 7)), Encode(EdgeKey{5, 8, "", ""}));
}

TEST(Keys, DecodersRefuseEveryShorterAndLongerKey) {
  const std::string hot = EncodeHotKey(1);
  const std::string segment = Encode(SegmentKey{1, 2});
  const std::string totals = Encode(Totals{1, 2, 3, 4});
  for (std::size_t n = 0; n < hot.size(); ++n) EXPECT_FALSE(DecodeHotKey(hot.substr(0, n)));
  for (std::size_t n = 0; n < segment.size(); ++n) {
    EXPECT_FALSE(DecodeSegmentKey(segment.substr(0, n)));
    EXPECT_FALSE(DecodeParts(segment.substr(0, n)));
  }
  for (std::size_t n = 0; n < totals.size(); ++n) EXPECT_FALSE(DecodeTotals(totals.substr(0, n)));
  EXPECT_FALSE(DecodeHotKey(hot + "x"));
  EXPECT_FALSE(DecodeSegmentKey(segment + "x"));
  EXPECT_FALSE(DecodeTotals(totals + "x"));
}

TEST(Keys, TotalsComeBack) {
  const Totals totals{1, 1ull << 40, 3, 9};
  EXPECT_EQ(DecodeTotals(Encode(totals)), totals);
}

}  // namespace
}  // namespace clew::store
