#include "admin/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "admin/progress.h"

namespace clew::admin {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST(StoreOutput, DamageIsALineWhateverItQuotes) {
  EXPECT_EQ(DamageLine({"counts of service \x1b[2J\n", "bad", "x"}),
            "counts of service \\x1b[2J\\n: bad\n");
}

TEST(StoreOutput, ACheckEndsWithWhatWasReadAndWhatToDo) {
  EXPECT_EQ(CheckText({.files = 1, .bytes = 1024, .segments = 2, .spans = 3, .traces = 1}, {}),
            "ok: read 3 spans of 2 segments, 1 sealed trace, 1.0 KiB in 1 table\n");
  EXPECT_THAT(
      CheckText({.damages = 2}, {"restore a backup"}),
      testing::AllOf(HasSubstr("2 damages; read 0 spans"), HasSubstr("  restore a backup")));
}

TEST(StoreOutput, ACheckIsOneJsonValueHoweverManyDamagesThereAre) {
  for (int count = 0; count < 3; ++count) {
    CheckJson output;
    std::string text = output.Begin();
    for (int i = 0; i < count; ++i) text += output.Add({"\"p\"\xff", "q", "r"});
    text += output.End({.spans = 7, .damages = static_cast<std::uint64_t>(count)});
    const json parsed = json::parse(text);
    EXPECT_EQ(parsed["schema"], "clew.check/v1");
    EXPECT_EQ(parsed["damages"].size(), static_cast<std::size_t>(count));
    EXPECT_EQ(parsed["read"]["damage_count"], count);
    EXPECT_EQ(parsed["read"]["spans"], 7);
  }
}

store::StoreDetails Details() {
  return {.format = 2,
          .spans = 1200,
          .traces = 150,
          .hot_spans = 8,
          .segments = 1,
          .oldest = UnixNanosFrom(1'700'000'000'000'000'000),
          .newest = UnixNanosFrom(1'700'000'060'000'000'000),
          .families = {{"segment", 1, 4096}},
          .buckets = {{472'222, 1, 1192, 4096, UnixNanosFrom(1'700'000'000'000'000'000),
                       UnixNanosFrom(1'700'000'060'000'000'000)}},
          .seal_lag = std::chrono::seconds(2)};
}

TEST(StoreOutput, DetailsListFamiliesAndHours) {
  const std::string text = DetailsText(Details());
  EXPECT_THAT(text, HasSubstr("spans         1,200, 8 of them not sealed yet\n"));
  EXPECT_THAT(text, HasSubstr("seal lag      2.00s"));
  EXPECT_THAT(text, HasSubstr("segment       1   4.0 KiB"));
  EXPECT_THAT(text, HasSubstr("2023-11-14 22:00Z"));
  EXPECT_THAT(DetailsText({}), Not(HasSubstr("traces from")));
  const json parsed = json::parse(DetailsJson(Details()));
  EXPECT_EQ(parsed["buckets"][0]["spans"], 1192);
  EXPECT_EQ(parsed["buckets"][0]["sealed_in_hour"], "2023-11-14T22:00:00.000000000Z");
  EXPECT_EQ(parsed["oldest_unix_nano"], "1700000000000000000");
  EXPECT_FALSE(json::parse(DetailsJson({})).contains("seal_lag_nanos"));
}

TEST(StoreOutput, ABucketOfADamagedKeyHasAnHour) { EXPECT_GT(HourOf(~0u), HourOf(472'222)); }

TEST(StoreOutput, ABackupOnTheSameDiskSaysSo) {
  EXPECT_THAT(BackupText({.path = "/b", .linked = true}), HasSubstr("on the same disk"));
  EXPECT_THAT(BackupText({.path = "/b"}), Not(HasSubstr("on the same disk")));
  EXPECT_EQ(json::parse(BackupJson({.path = "/b", .files = 3}))["files"], 3);
}

TEST(StoreOutput, RestoreCompactAndRetentionSayWhatWasDone) {
  EXPECT_THAT(RestoreText({.spans = 3, .replaced = "/d.old"}, "/d"),
              HasSubstr("What was there before is in /d.old"));
  EXPECT_FALSE(json::parse(RestoreJson({}, "/d")).contains("replaced"));
  EXPECT_EQ(CompactText({2048, 1024}), "tables: 2.0 KiB before, 1.0 KiB after\n");
  EXPECT_EQ(json::parse(CompactJson({2048, 1024}))["bytes_after"], 1024);
  EXPECT_EQ(RetentionText({}, true), "nothing would go\n");
  const store::RetentionReport report{.segments = 1, .spans = 8, .traces = 2, .bytes = 100};
  EXPECT_THAT(RetentionText(report, true), HasSubstr("would drop 8 spans of 2 traces"));
  EXPECT_THAT(RetentionText(report, false), HasSubstr("dropped 8 spans"));
  EXPECT_EQ(json::parse(RetentionJson(report, true))["dry_run"], true);
  const store::RetentionReport tiers{.without_errors = {.spans = 3, .traces = 1}};
  EXPECT_EQ(RetentionText(tiers, false),
            "dropped 3 spans of 1 trace, 0 B: by tier, without errors\n");
  EXPECT_EQ(json::parse(RetentionJson(tiers, false))["without_errors"]["spans"], 3);
}

TEST(StoreOutput, ProgressHasAPartOrANumber) {
  EXPECT_EQ(ProgressText({"segments", 50, 200}), "segments 25% of 200");
  EXPECT_EQ(ProgressText({"index rows", 4096, 0}), "index rows 4,096");
  EXPECT_EQ(ProgressText({"bytes", 3, 2}), "bytes 100% of 2");
}

}  // namespace
}  // namespace clew::admin
