#include "store/query/cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_spans.h"

namespace clew::store {
namespace {

using testing::HasSubstr;

const Cursor kCursor = {.after = {.start = UnixNanosFrom(1'780'000'000'000'000'001),
                                  .duration = std::chrono::nanoseconds(-5),
                                  .trace = TestTraceId(7)},
                        .horizon = 0xfedcba9876543210};

std::string Refusal(Query query, std::string cursor) {
  query.cursor = std::move(cursor);
  const auto decoded = DecodeCursor(query);
  return decoded ? "accepted" : decoded.error().message;
}

TEST(Cursor, ComesBackAsItWent) {
  Query query = Ask("service=shop code>5");
  query.cursor = EncodeCursor(query, kCursor);
  EXPECT_EQ(query.cursor.size(), 72u);
  EXPECT_EQ(**DecodeCursor(query), kCursor);
  query.limit = 7;  // a page may be larger than the one before
  query.start_min = UnixNanosFrom(1);
  EXPECT_EQ(**DecodeCursor(query), kCursor);
  query.cursor.clear();
  EXPECT_EQ(*DecodeCursor(query), std::nullopt);
}

TEST(Cursor, OfAnotherQueryIsRefused) {
  const std::string cursor = EncodeCursor(Ask("service=shop"), kCursor);
  EXPECT_THAT(Refusal(Ask("service=db"), cursor), HasSubstr("another query"));
  Query slowest = Ask("service=shop");
  slowest.order = Order::kSlowest;
  EXPECT_THAT(Refusal(slowest, cursor), HasSubstr("another query"));
}

TEST(Cursor, EveryChangedOrMissingCharacterIsNoticed) {
  const Query query = Ask("");
  const std::string cursor = EncodeCursor(query, kCursor);
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    std::string changed = cursor;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(Refusal(query, changed), "accepted") << i;
    EXPECT_NE(Refusal(query, cursor.substr(0, i)), i == 0 ? "" : "accepted") << i;
  }
  EXPECT_NE(Refusal(query, cursor + "A"), "accepted");
  EXPECT_NE(Refusal(query, std::string(72, '!')), "accepted");
}

TEST(Precedes, OrdersByTimeOrByDuration) {
  const Place old_slow = {UnixNanosFrom(1), std::chrono::nanoseconds(9), TestTraceId(1)};
  const Place new_quick = {UnixNanosFrom(2), std::chrono::nanoseconds(3), TestTraceId(2)};
  const Place twin = {UnixNanosFrom(2), std::chrono::nanoseconds(3), TestTraceId(3)};
  EXPECT_TRUE(Precedes(Order::kNewest, new_quick, old_slow));
  EXPECT_TRUE(Precedes(Order::kSlowest, old_slow, new_quick));
  for (const Order order : {Order::kNewest, Order::kSlowest}) {
    EXPECT_TRUE(Precedes(order, new_quick, twin));
    EXPECT_FALSE(Precedes(order, twin, new_quick));
    EXPECT_FALSE(Precedes(order, twin, twin));
  }
}

}  // namespace
}  // namespace clew::store
