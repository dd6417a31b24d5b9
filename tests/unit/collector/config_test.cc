#include "collector/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "test_spans.h"

namespace clew::collector {
namespace {

using testing::HasSubstr;

std::string WriteFile(const store::TempDir& dir, const std::string& text) {
  const std::string path = dir.path() + "/collector.yaml";
  std::ofstream(path) << text;
  return path;
}

TEST(Config, FlagsBeatEnvironmentBeatsFileBeatsDefaults) {
  store::TempDir dir;
  const auto file = ReadConfigFile(
      WriteFile(dir, "listen: 1.1.1.1:1\nquery_listen: 1.1.1.1:2\nmetrics_listen: 1.1.1.1:3\n"));
  ASSERT_TRUE(file) << file.error().message;
  const auto environment = ReadEnvironment([](const char* name) -> const char* {
    if (std::string(name) == "CLEW_COLLECTOR_QUERY_LISTEN") return "2.2.2.2:2";
    return std::string(name) == "CLEW_COLLECTOR_METRICS_LISTEN" ? "2.2.2.2:3" : nullptr;
  });
  const auto config =
      ResolveConfig({*file, environment, {"command line", {{"metrics_listen", "3.3.3.3:3"}}}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listen, "1.1.1.1:1");
  EXPECT_EQ(config->query_listen, "2.2.2.2:2");
  EXPECT_EQ(config->metrics_listen, "3.3.3.3:3");
  EXPECT_EQ(config->data_dir, Config{}.data_dir);
}

TEST(Config, EveryWrongValueIsReportedAtOnceWithItsOrigin) {
  const auto config = ResolveConfig(
      {{"collector.yaml", {{"listen", "nowhere"}, {"max_message_mib", "many"}}},
       {"command line", {{"log_level", "loud"}, {"data_dir", ""}, {"query_listen", ":70000"}}}});
  ASSERT_FALSE(config);
  for (const char* part :
       {"collector.yaml: listen \"nowhere\"", "collector.yaml: max_message_mib \"many\"",
        "command line: log_level \"loud\"", "command line: data_dir",
        "command line: query_listen"}) {
    EXPECT_THAT(config.error().message, HasSubstr(part));
  }
}

TEST(Config, ABudgetBelowOneMessageIsRefused) {
  const auto config =
      ResolveConfig({{"x", {{"max_message_mib", "10"}, {"max_in_flight_mib", "5"}}}});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("max_in_flight_mib"));
}

using Values = std::map<std::string, std::string>;

TEST(Config, TiersBecomeAPolicy) {
  const auto config = ResolveConfig({{"x",
                                      {{"keep_all_hours", "24"},
                                       {"keep_sample_hours", "168"},
                                       {"keep_sample_percent", "5"},
                                       {"keep_slow_ms", "2000"},
                                       {"retention_hours", "8760"},
                                       {"retention_mib", "3"}}}});
  ASSERT_TRUE(config) << config.error().message;
  const store::RetentionPolicy policy = PolicyOf(*config);
  EXPECT_EQ(policy.keep_all, std::chrono::hours(24));
  EXPECT_EQ(policy.keep_sample, std::chrono::hours(168));
  EXPECT_EQ(policy.sample_percent, 5u);
  EXPECT_EQ(policy.slow, std::chrono::seconds(2));
  EXPECT_EQ(policy.max_age, std::chrono::hours(8760));
  EXPECT_EQ(policy.max_bytes, 3u << 20);
  EXPECT_TRUE(ResolveConfig({{"x", {{"keep_all_hours", "24"}}}}));
}

TEST(Config, TiersThatDoNotFitTogetherAreRefused) {
  const std::vector<std::pair<Values, const char*>> cases = {
      {{{"keep_sample_hours", "9"}, {"keep_slow_ms", "1"}}, "without keep_all_hours"},
      {{{"keep_all_hours", "9"}, {"keep_sample_hours", "9"}, {"keep_slow_ms", "1"}}, "not more"},
      {{{"keep_all_hours", "1"}, {"keep_sample_hours", "9"}}, "without keep_sample_percent"},
      {{{"keep_all_hours", "1"}, {"keep_slow_ms", "9"}}, "do nothing without"},
      {{{"keep_all_hours", "9"}, {"retention_hours", "8"}}, "retention_hours is less"},
      {{{"keep_sample_percent", "101"}}, "from 0 to 100"},
  };
  for (const auto& [values, message] : cases) {
    const auto config = ResolveConfig({{"x", values}});
    ASSERT_FALSE(config) << message;
    EXPECT_THAT(config.error().message, HasSubstr(message));
  }
}

TEST(Config, UnknownAndNestedKeysOfTheFileAreAllNamed) {
  store::TempDir dir;
  const auto file = ReadConfigFile(WriteFile(dir, "lisen: x\nqueries: y\nlisten: [a, b]\n"));
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("lisen is not a setting"));
  EXPECT_THAT(file.error().message, HasSubstr("queries is not a setting"));
  EXPECT_THAT(file.error().message, HasSubstr("listen is not a single value"));
  EXPECT_FALSE(ReadConfigFile(WriteFile(dir, "- a list\n")));
  EXPECT_FALSE(ReadConfigFile(WriteFile(dir, "a: [")));
  EXPECT_FALSE(ReadConfigFile(dir.path() + "/missing.yaml"));
  EXPECT_TRUE(ReadConfigFile(WriteFile(dir, "")));
}

TEST(Config, WhatIsPrintedIsReadBack) {
  store::TempDir dir;
  Config config;
  config.data_dir = "/somewhere: else";
  config.max_message_mib = 7;
  const auto file = ReadConfigFile(WriteFile(dir, PrintConfig(config)));
  ASSERT_TRUE(file) << file.error().message;
  const auto back = ResolveConfig({*file});
  ASSERT_TRUE(back);
  EXPECT_EQ(PrintConfig(*back), PrintConfig(config));
}

}  // namespace
}  // namespace clew::collector
