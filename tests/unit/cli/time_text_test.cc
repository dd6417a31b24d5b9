#include "cli/time_text.h"

#include <gtest/gtest.h>

#include <string>

namespace clew::cli {
namespace {

using std::chrono::nanoseconds;

constexpr UnixNanos kNow{nanoseconds(1'763'879'580'000'000'000)};  // 2025-11-23 06:33:00 UTC

std::int64_t Time(std::string_view text) {
  const auto parsed = ParseTime(text, kNow);
  return parsed ? parsed->time_since_epoch().count() : -1;
}

TEST(ParseTime, IsRelativeToNow) {
  EXPECT_EQ(Time("now"), kNow.time_since_epoch().count());
  EXPECT_EQ(Time("now-1h"), kNow.time_since_epoch().count() - 3'600'000'000'000);
  EXPECT_EQ(Time("now+1m30s"), kNow.time_since_epoch().count() + 90'000'000'000);
}

TEST(ParseTime, ReadsRfc3339WithAnyOffset) {
  for (const char* same : {"2025-11-23T06:33:00Z", "2025-11-23t06:33:00z", "2025-11-23 06:33:00Z",
                           "2025-11-23T07:33:00+01:00", "2025-11-23T01:03:00-0530"}) {
    EXPECT_EQ(Time(same), 1'763'879'580'000'000'000) << same;
  }
  EXPECT_EQ(Time("2025-11-23T06:33:00.123456789Z"), 1'763'879'580'123'456'789);
  EXPECT_EQ(Time("2025-11-23"), 1'763'856'000'000'000'000);
  EXPECT_EQ(Time("2024-02-29"), 1'709'164'800'000'000'000);
}

TEST(ParseTime, TellsEpochUnitsApartBySize) {
  for (const char* same :
       {"1763879580", "1763879580000", "1763879580000000", "1763879580000000000"}) {
    EXPECT_EQ(Time(same), 1'763'879'580'000'000'000) << same;
  }
  EXPECT_EQ(Time("1763879580.5"), 1'763'879'580'500'000'000);
  EXPECT_EQ(Time("0"), 0);
}

TEST(ParseTime, RefusesWhatIsNoTime) {
  for (const char* bad :
       {"", "yesterday", "now-", "now-5", "now-1h ago", "2025-13-01", "2025-02-30",
        "2025-11-23T06:33Z", "2025-11-23T06:33:00", "2025-11-23T25:00:00Z", "2025-11-23T06:33:00.Z",
        "2025-11-23Z", "-5", "1763879580.", "1763879580000.5", "99999999999999999999", "9999-01-01",
        "1e9", "1 "}) {
    EXPECT_EQ(Time(bad), -1) << bad;
  }
}

TEST(ParseTime, SurvivesEveryPrefixOfEveryForm) {
  for (const std::string whole :
       {"now-1h30m", "2025-11-23T06:33:00.123+01:00", "1763879580.5", "1.5s250ms"}) {
    for (std::size_t n = 0; n < whole.size(); ++n) {
      (void)Time(whole.substr(0, n));
      (void)ParseDuration(whole.substr(n));
    }
  }
}

}  // namespace
}  // namespace clew::cli
