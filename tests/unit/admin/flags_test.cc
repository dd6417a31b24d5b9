#include "admin/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace clew::admin {
namespace {

using testing::HasSubstr;

std::variant<Flags, Stop> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "clew-store");
  return ParseFlags(static_cast<int>(arguments.size()), arguments.data());
}
Flags Parsed(std::vector<const char*> arguments) {
  return std::get<Flags>(Parse(std::move(arguments)));
}
int ExitOf(std::vector<const char*> arguments) {
  return std::get<Stop>(Parse(std::move(arguments))).exit_code;
}

TEST(StoreFlags, StandBeforeAndBehindTheCommand) {
  for (const Flags& flags : {Parsed({"--data-dir", "/d", "-o", "json", "-q", "check"}),
                             Parsed({"check", "--data-dir", "/d", "--json", "-q"})}) {
    EXPECT_EQ(flags.command, Command::kCheck);
    EXPECT_EQ(flags.data_dir, "/d");
    EXPECT_TRUE(flags.json);
    EXPECT_TRUE(flags.quiet);
  }
}

TEST(StoreFlags, BackupsHaveAName) {
  EXPECT_EQ(Parsed({"backup", "/b"}).backup, "/b");
  EXPECT_EQ(Parsed({"verify", "/b"}).backup, "/b");
  const Flags restore = Parsed({"restore", "/b", "--replace"});
  EXPECT_EQ(restore.backup, "/b");
  EXPECT_TRUE(restore.replace);
  EXPECT_EQ(ExitOf({"restore"}), 2);
}

TEST(StoreFlags, APolicyIsOneOnlyWhenItWasGiven) {
  EXPECT_FALSE(Parsed({"retention", "--dry-run"}).policy);
  const Flags flags = Parsed({"retention", "--retention-hours", "24", "--retention-mib", "3",
                              "--shed-free-disk-mib", "5"});
  ASSERT_TRUE(flags.policy);
  EXPECT_EQ(flags.policy->max_age, std::chrono::hours(24));
  EXPECT_EQ(flags.policy->max_bytes, 3u << 20);
  EXPECT_EQ(flags.policy->min_free_bytes, 5u << 20);
}

TEST(StoreFlags, TiersAreThoseOfTheCollector) {
  const Flags flags = Parsed({"retention", "--keep-all-hours", "48", "--keep-sample-hours", "720",
                              "--keep-sample-percent", "1", "--keep-slow-ms", "2000"});
  ASSERT_TRUE(flags.policy);
  EXPECT_EQ(flags.policy->keep_all, std::chrono::hours(48));
  EXPECT_EQ(flags.policy->keep_sample, std::chrono::hours(720));
  EXPECT_EQ(flags.policy->sample_percent, 1u);
  EXPECT_EQ(flags.policy->slow, std::chrono::seconds(2));
  EXPECT_EQ(ExitOf({"retention", "--keep-sample-hours", "5"}), 2);
  EXPECT_EQ(ExitOf({"retention", "--keep-all-hours", "5", "--keep-sample-hours", "5",
                    "--keep-slow-ms", "1"}),
            2);
  EXPECT_EQ(ExitOf({"retention", "--keep-all-hours", "5", "--keep-sample-hours", "6"}), 2);
  // Tiers that would do nothing.
  EXPECT_EQ(ExitOf({"retention", "--keep-all-hours", "0", "--keep-sample-hours", "6",
                    "--keep-slow-ms", "1"}),
            2);
}

TEST(StoreFlags, NonsenseIsWrongUsage) {
  EXPECT_EQ(ExitOf({}), 2);
  EXPECT_EQ(ExitOf({"chekc"}), 2);
  EXPECT_EQ(ExitOf({"stats", "-o", "yaml"}), 2);
  EXPECT_EQ(ExitOf({"retention", "--retention-hours", "-1"}), 2);
  EXPECT_EQ(ExitOf({"--help"}), 0);
}

}  // namespace
}  // namespace clew::admin
