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
