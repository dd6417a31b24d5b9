#include "base/duration.h"

#include <gtest/gtest.h>

namespace clew {
namespace {

std::int64_t Duration(std::string_view text) {
  const auto parsed = ParseDuration(text);
  return parsed ? parsed->count() : -1;
}

TEST(ParseDuration, AddsUpNumbersWithUnits) {
  EXPECT_EQ(Duration("15m"), 900'000'000'000);
  EXPECT_EQ(Duration("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(Duration("250ms"), 250'000'000);
  EXPECT_EQ(Duration("1.5s"), 1'500'000'000);
  EXPECT_EQ(Duration("7us"), 7'000);
  EXPECT_EQ(Duration("7µs"), 7'000);
  EXPECT_EQ(Duration("9ns"), 9);
  EXPECT_EQ(Duration("2d"), 172'800'000'000'000);
  EXPECT_EQ(Duration("0s"), 0);
}

TEST(ParseDuration, RefusesWhatHasNoUnitSignOrEnd) {
  for (const char* bad : {"", "5", "m", "-5m", "+5m", "1.2.3s", "5 m", "1e3s", "0x1s", "infs",
                          "nans", "1m!", "1000000d"}) {
    EXPECT_EQ(Duration(bad), -1) << bad;
  }
}

}  // namespace
}  // namespace clew
