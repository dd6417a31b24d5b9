#include "store/keys.h"

#include <gtest/gtest.h>

#include "test_spans.h"

namespace clew::store {
namespace {

TEST(Keys, HotKeyComesBackAndSortsByTraceThenSequence) {
  const HotKey key{TestTraceId(7), 300};
  const std::string bytes = Encode(key);
  EXPECT_EQ(bytes.size(), 24u);
  EXPECT_EQ(DecodeHotKey(bytes), key);
  EXPECT_LT(bytes, Encode(HotKey{TestTraceId(7), 65536}));
  EXPECT_LT(Encode(HotKey{TestTraceId(7), 65536}), Encode(HotKey{TestTraceId(8), 0}));
}

TEST(Keys, IndexKeySortsNewestFirstWithinItsService) {
  const IndexKey older{"shop", UnixNanosFrom(1000), TestTraceId(1)};
  const IndexKey newer{"shop", UnixNanosFrom(2000), TestTraceId(2)};
  EXPECT_LT(Encode(newer), Encode(older));
  EXPECT_EQ(DecodeIndexKey(Encode(older)), older);
}

TEST(Keys, LengthKeepsServicesApartWhoseBytesRunTogether) {
  const std::string ab = IndexPrefix("ab");
  EXPECT_FALSE(Encode(IndexKey{"abc", {}, TestTraceId(1)}).starts_with(ab));
  EXPECT_TRUE(Encode(IndexKey{"ab", {}, TestTraceId(1)}).starts_with(ab));
}

TEST(Keys, KnownBytesOfAnIndexKey) {
  // The example of docs/formats/keys.md: a change here is a change of the format.
  const std::string expected =
      std::string("\x00\x02", 2) + "db" + "\xff\xff\xff\xff\xff\xff\xff\xfe" +
      std::string("\x00\x00\x00\x05\x00\x00\xab\xcd\x22\x22\x22\x22\x22\x22\x22\x22", 16);
  EXPECT_EQ(Encode(IndexKey{"db", UnixNanosFrom(1), TestTraceId(5)}), expected);
}

TEST(Keys, DecodersRefuseEveryShorterAndLongerKey) {
  const std::string hot = Encode(HotKey{TestTraceId(1), 1});
  const std::string index = Encode(IndexKey{"shop", UnixNanosFrom(1), TestTraceId(1)});
  const std::string totals = Encode(Totals{1, 2, 3});
  const std::string service = Encode(ServiceTotals{1, UnixNanosFrom(2)});
  for (std::size_t n = 0; n < index.size(); ++n) EXPECT_FALSE(DecodeIndexKey(index.substr(0, n)));
  for (std::size_t n = 0; n < hot.size(); ++n) EXPECT_FALSE(DecodeHotKey(hot.substr(0, n)));
  for (std::size_t n = 0; n < totals.size(); ++n) EXPECT_FALSE(DecodeTotals(totals.substr(0, n)));
  for (std::size_t n = 0; n < service.size(); ++n)
    EXPECT_FALSE(DecodeServiceTotals(service.substr(0, n)));
  EXPECT_FALSE(DecodeHotKey(hot + "x"));
  EXPECT_FALSE(DecodeIndexKey(index + "x"));
  EXPECT_FALSE(DecodeTotals(totals + "x"));
  EXPECT_FALSE(DecodeServiceTotals(service + "x"));
}

TEST(Keys, TotalsComeBack) {
  const Totals totals{1, 1ull << 40, 3};
  EXPECT_EQ(DecodeTotals(Encode(totals)), totals);
  const ServiceTotals service{5, UnixNanosFrom(6)};
  EXPECT_EQ(DecodeServiceTotals(Encode(service)), service);
  EXPECT_EQ(ServiceKey("shop"), "service/shop");
}

}  // namespace
}  // namespace clew::store
