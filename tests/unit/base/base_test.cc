#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <thread>
#include <unordered_set>

#include "base/bytes.h"
#include "base/hex.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/queue.h"
#include "base/result.h"
#include "base/time.h"

namespace clew {
namespace {

TEST(Hex, WritesTwoDigitsOfLowerCaseForEachByte) {
  EXPECT_EQ(ToHex(std::string_view("\x00\x7f\x80\xff\x0a", 5)), "007f80ff0a");
  EXPECT_EQ(ToHex({}), "");
}

TEST(Hex, ReadsDigitsOfEitherCaseAndNothingElse) {
  for (int c = 0; c < 256; ++c) {
    const char digit = static_cast<char>(c);
    const auto lower = std::string_view("0123456789abcdef").find(digit);
    const auto upper = std::string_view("0123456789ABCDEF").find(digit);
    const auto value = std::min(lower, upper);
    EXPECT_EQ(IsLowerHex({&digit, 1}), lower != std::string_view::npos) << c;
    EXPECT_EQ(HexDigit(digit), value == std::string_view::npos ? -1 : static_cast<int>(value)) << c;
  }
}

TEST(Ids, HexRoundTripsAndRefusesWrongLengthsAndDigits) {
  const std::string hex = "4bf92f3577b34da6a3ce929d0e0e4736";
  const auto id = TraceId::FromHex(hex);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->ToHex(), hex);
  EXPECT_FALSE(TraceId::FromHex(hex.substr(1)));
  EXPECT_FALSE(TraceId::FromHex("g" + hex.substr(1)));
  EXPECT_FALSE(SpanId::FromHex(hex));
}

TEST(Ids, RandomIsValidAndDoesNotRepeat) {
  std::set<SpanId> seen;
  for (int i = 0; i < 10'000; ++i) {
    const SpanId id = SpanId::Random();
    EXPECT_TRUE(id.valid());
    EXPECT_TRUE(seen.insert(id).second);
  }
}

// Whatever part of an id a sender keeps the same, or counts up.
TEST(Ids, ThatDifferInAFewBitsOnlyHaveHashesOfTheirOwn) {
  for (const std::size_t counted : {std::size_t{0}, std::size_t{6}, std::size_t{14}}) {
    std::unordered_set<TraceId> ids;
    for (int i = 1; i <= 20'000; ++i) {
      TraceId id;
      id.bytes.fill(0x22);
      id.bytes[counted] = static_cast<std::uint8_t>(i >> 8);
      id.bytes[counted + 1] = static_cast<std::uint8_t>(i);
      ids.insert(id);
    }
    std::size_t fullest = 0;
    for (std::size_t bucket = 0; bucket < ids.bucket_count(); ++bucket) {
      fullest = std::max(fullest, ids.bucket_size(bucket));
    }
    EXPECT_LT(fullest, 50u) << counted;
  }
}

TEST(ByteCursor, ReadsBigEndianAndMovesNothingPastTheEnd) {
  std::string bytes;
  AppendU16be(bytes, 0x0102);
  AppendU64be(bytes, 0x0304050607080910);
  ByteCursor cursor(bytes);
  EXPECT_EQ(cursor.U16be(), 0x0102);
  EXPECT_EQ(cursor.U32be(), 0x03040506u);
  EXPECT_EQ(cursor.U64be(), std::nullopt);
  EXPECT_EQ(cursor.remaining(), 4u);
}

TEST(ResultType, CarriesAValueOrAnError) {
  const Result<int> good(7);
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 7);
  const Result<int> bad(ErrnoError("open", "/nowhere", ENOENT));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kNotFound);
  EXPECT_EQ(bad.error().message, "open /nowhere: No such file or directory");
  EXPECT_TRUE(Status());
}

TEST(BoundedQueue, RefusesWhenFullAndDrainsAfterClose) {
  BoundedQueue<int> queue(2);
  int a = 1, b = 2, c = 3;
  EXPECT_TRUE(queue.TryPush(a));
  EXPECT_TRUE(queue.TryPush(b));
  EXPECT_FALSE(queue.TryPush(c));
  queue.Close();
  EXPECT_EQ(queue.Pop(std::chrono::seconds(1)), 1);
  EXPECT_EQ(queue.Pop(std::chrono::seconds(1)), 2);
  EXPECT_EQ(queue.Pop(std::chrono::seconds(1)), std::nullopt);
}

TEST(BoundedQueue, HandsItemsBetweenThreads) {
  BoundedQueue<int> queue(4);
  std::jthread producer([&queue]() {
    for (int i = 0; i < 1000;) {
      int item = i;
      if (queue.TryPush(item)) ++i;
    }
    queue.Close();
  });
  int next = 0;
  while (const auto item = queue.Pop(std::chrono::seconds(5))) EXPECT_EQ(*item, next++);
  EXPECT_EQ(next, 1000);
}

TEST(ClockSyncTest, MapsKernelTimeToWallClockTime) {
  const ClockSync sync = ClockSync::Measure();
  const auto difference = sync.ToUnix(KernelClock::now()) - UnixClock::now();
  EXPECT_LT(std::chrono::abs(difference), std::chrono::milliseconds(100));
}

TEST(Log, ASiteIsLimitedAndSaysWhatItHeldBack) {
  LogSite site;
  std::uint64_t suppressed = 0;
  int admitted = 0;
  for (int i = 0; i < 1000; ++i) admitted += site.Admit(suppressed) ? 1 : 0;
  EXPECT_GE(admitted, LogSite::kBurst);
  EXPECT_LE(admitted, 3 * LogSite::kBurst);  // the loop may cross a second
}

}  // namespace
}  // namespace clew
