#include "cli/render/units.h"

#include <gtest/gtest.h>

namespace clew::cli {
namespace {

TEST(HumanDuration, HasThreeSignificantDigitsAndNeverRoundsToAThousand) {
  EXPECT_EQ(HumanDuration(0), "0s");
  EXPECT_EQ(HumanDuration(1), "1ns");
  EXPECT_EQ(HumanDuration(999), "999ns");
  EXPECT_EQ(HumanDuration(1'000), "1.00us");
  EXPECT_EQ(HumanDuration(14'249'000), "14.2ms");
  EXPECT_EQ(HumanDuration(212'000'000), "212ms");
  EXPECT_EQ(HumanDuration(999'400), "999us");
  EXPECT_EQ(HumanDuration(999'600), "1.00ms");
  EXPECT_EQ(HumanDuration(9'996'000), "10.0ms");
  EXPECT_EQ(HumanDuration(999'600'000), "1.00s");
  EXPECT_EQ(HumanDuration(1'500'000'000), "1.50s");
  EXPECT_EQ(HumanDuration(59'990'000'000), "1m00s");
  EXPECT_EQ(HumanDuration(125'000'000'000), "2m05s");
  EXPECT_EQ(HumanDuration(11'220'000'000'000), "3h07m");
  EXPECT_EQ(HumanDuration(352'800'000'000'000), "4d02h");
}

TEST(HumanDuration, FitsItsColumnForAnyDurationUnderAThousandDays) {
  for (std::uint64_t nanos = 1; nanos < 86'400'000'000'000'000; nanos = nanos * 17 / 16 + 1) {
    EXPECT_LE(HumanDuration(nanos).size(), 7u) << nanos;
  }
}

TEST(HumanBytes, UsesBinaryUnits) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1434), "1.4 KiB");
  EXPECT_EQ(HumanBytes(73ull << 20), "73 MiB");
  EXPECT_EQ(HumanBytes((1ull << 30) - 1), "1.0 GiB");
  EXPECT_EQ(HumanBytes(~0ull), "16 EiB");
}

TEST(HumanCount, SeparatesThousands) {
  EXPECT_EQ(HumanCount(0), "0");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(HumanCount(1'204'551), "1,204,551");
}

TEST(HumanAge, SaysWhenTheOtherClockIsAhead) {
  const UnixNanos now = UnixNanosFrom(1'763'879'580'000'000'000);
  EXPECT_EQ(HumanAge(now, now), "now");
  EXPECT_EQ(HumanAge(now - std::chrono::seconds(12), now), "12s ago");
  EXPECT_EQ(HumanAge(now - std::chrono::hours(50), now), "2d ago");
  EXPECT_EQ(HumanAge(now + std::chrono::minutes(1), now), "in the future");
}

TEST(Time, IsUtcAndMarkedSo) {
  const UnixNanos time = UnixNanosFrom(1'763'879'580'123'456'789);
  EXPECT_EQ(HumanTime(time), "2025-11-23 06:33:00.123Z");
  EXPECT_EQ(Rfc3339(time), "2025-11-23T06:33:00.123456789Z");
  EXPECT_EQ(Rfc3339(UnixNanosFrom(0)), "1970-01-01T00:00:00.000000000Z");
}

}  // namespace
}  // namespace clew::cli
