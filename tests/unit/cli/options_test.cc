#include "cli/options.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "cli/terminal.h"

namespace clew::cli {
namespace {

constexpr UnixNanos kNow{std::chrono::nanoseconds(1'763'879'580'000'000'000)};

// Command line, environment and file of one run.
class OptionsTest : public testing::Test {
 protected:
  OptionsTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "clew-options-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    environment_["HOME"] = directory_;
  }
  ~OptionsTest() override { std::filesystem::remove_all(directory_); }

  void WriteConfig(const std::string& text) {
    std::filesystem::create_directories(directory_ / ".config/tracectl");
    std::ofstream(directory_ / ".config/tracectl/config.yaml") << text;
  }

  Environment environment() const {
    return [this](const char* name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      if (found == environment_.end()) return std::nullopt;
      return found->second;
    };
  }

  Result<Options> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "tracectl");
    const auto parsed = ParseFlags(static_cast<int>(arguments.size()), arguments.data());
    if (const Stop* stop = std::get_if<Stop>(&parsed)) return Error{Code::kInvalid, stop->text};
    return MakeOptions(std::get<Flags>(parsed), environment(), kNow);
  }
  std::string ErrorOf(std::vector<const char*> arguments) {
    const auto options = Parse(std::move(arguments));
    return options ? "" : options.error().message;
  }

  std::filesystem::path directory_;
  std::map<std::string, std::string> environment_;
};

TEST_F(OptionsTest, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  EXPECT_EQ(Parse({"services"})->server, "127.0.0.1:7317");
  WriteConfig("server: file:1\ntimeout: 3s\n");
  EXPECT_EQ(Parse({"services"})->server, "file:1");
  EXPECT_EQ(Parse({"services"})->timeout, std::chrono::seconds(3));
  environment_["TRACECTL_SERVER"] = "environment:2";
  EXPECT_EQ(Parse({"services"})->server, "environment:2");
  EXPECT_EQ(Parse({"services", "--server", "flag:3"})->server, "flag:3");
  EXPECT_EQ(Parse({"--server", "flag:3", "services"})->server, "flag:3");
}

TEST_F(OptionsTest, ASpanToExplainHasATraceOrATime) {
  const auto whole = Parse({"explain", "4BF92F3577B34DA6:00f067aa0ba902b7"});
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->trace_id, "4bf92f3577b34da6");
  EXPECT_EQ(whole->span_id.ToHex(), "00f067aa0ba902b7");
  const auto alone = Parse({"explain", "00f067aa0ba902b7", "--since", "2h"});
  ASSERT_TRUE(alone) << alone.error().message;
  EXPECT_EQ(alone->trace_id, "");
  EXPECT_EQ(alone->filter.from, kNow - std::chrono::hours(2));
  EXPECT_EQ(Parse({"explain", "00f067aa0ba902b7"})->filter.from, kNow - std::chrono::hours(1));
  for (const char* bad : {"", ":", "xyz", "4bf92f3577b34da6:", "00f067aa0ba902b", "0000000000000000",
                          "4bf9:00f067aa0ba902b7"}) {
    EXPECT_NE(ErrorOf({"explain", bad}), "") << bad;
  }
}

TEST_F(OptionsTest, ServerAddressesGetThePortThatIsMissing) {
  EXPECT_EQ(Parse({"status", "--server", "collector"})->server, "collector:7317");
  EXPECT_EQ(Parse({"status", "--server", "[::1]"})->server, "[::1]:7317");
  EXPECT_EQ(Parse({"status", "--server", "[::1]:80"})->server, "[::1]:80");
  EXPECT_EQ(Parse({"status", "--server", "unix:/run/clew.sock"})->server, "unix:/run/clew.sock");
  for (const char* bad : {"::1", "host:", "host:0", "host:65536", "host:http", ":80", ""}) {
    EXPECT_NE(ErrorOf({"status", "--server", bad}), "") << bad;
  }
}

TEST_F(OptionsTest, ReportsEveryErrorAtOnceAndWhereItCameFrom) {
  environment_["TRACECTL_TIMEOUT"] = "soon";
  const std::string message =
      ErrorOf({"traces", "--from", "tomorrow", "--min-duration", "3", "--color", "pink"});
  for (const char* part : {"TRACECTL_TIMEOUT: 'soon'", "--from: 'tomorrow'", "--min-duration: '3'",
                           "--color: 'pink'"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }
}

TEST_F(OptionsTest, AMisspeltConfigurationKeyIsAnError) {
  WriteConfig("sever: host:1\n");
  EXPECT_NE(ErrorOf({"services"}).find("unknown key 'sever'"), std::string::npos);
  WriteConfig("- a list\n");
  EXPECT_NE(ErrorOf({"services"}), "");
  WriteConfig("server: [a, b]\n");
  EXPECT_NE(ErrorOf({"services"}), "");
  WriteConfig("server: host:1\n  timeout: {\n");
  EXPECT_NE(ErrorOf({"services"}), "");
  WriteConfig(std::string(100'000, '#'));
  EXPECT_NE(ErrorOf({"services"}), "");
  WriteConfig("");
  EXPECT_EQ(ErrorOf({"services"}), "");
}

TEST_F(OptionsTest, AConfigurationFileThatWasNamedHasToBeThere) {
  EXPECT_NE(ErrorOf({"services", "--config", "/nonexistent/tracectl.yaml"}), "");
  EXPECT_EQ(ErrorOf({"services"}), "");
}

TEST_F(OptionsTest, TraceIdsAreHexOfEightDigitsOrMore) {
  EXPECT_EQ(Parse({"trace", "4BF92F35"})->trace_id, "4bf92f35");
  for (const char* bad : {"4bf92f3", "4bf92f35x", "4bf92f3577b34da6a3ce929d0e0e47360"}) {
    EXPECT_NE(ErrorOf({"trace", bad}), "") << bad;
  }
  EXPECT_NE(ErrorOf({"trace"}), "");
}

TEST_F(OptionsTest, SearchesHaveTimesDurationsAndALimit) {
  const auto options = Parse({"traces", "--since", "15m", "--service", "checkout", "--min-duration",
                              "200ms", "--errors", "--limit", "5", "-o", "jsonl"});
  ASSERT_TRUE(options);
  EXPECT_EQ(*options->filter.from, kNow - std::chrono::minutes(15));
  EXPECT_FALSE(options->filter.to);
  EXPECT_EQ(options->filter.min_duration, std::chrono::milliseconds(200));
  EXPECT_TRUE(options->filter.errors);
  EXPECT_EQ(options->filter.limit, 5u);
  EXPECT_EQ(options->format, Format::kJsonLines);
}

TEST_F(OptionsTest, QueriesAreWordsAndHaveAnOrderAndPages) {
  auto options =
      Parse({"traces", "service=shop", "duration > 5ms", "--order", "slowest", "--page", "there"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->filter.query, "service=shop duration > 5ms");
  EXPECT_EQ(options->filter.order, Order::kSlowest);
  EXPECT_EQ(options->filter.page, "there");
  EXPECT_FALSE(options->filter.all);
  options = Parse({"traces", "--all"});
  EXPECT_TRUE(options->filter.all);
  EXPECT_EQ(options->filter.query, "");
  EXPECT_NE(ErrorOf({"traces", "--order", "fastest"}), "");
  EXPECT_NE(ErrorOf({"traces", "--all", "--limit", "5"}), "");
}

TEST_F(OptionsTest, ListsAreOfAServiceOrOfATime) {
  EXPECT_EQ(Parse({"operations", "shop"})->service, "shop");
  EXPECT_NE(ErrorOf({"operations"}), "");
  EXPECT_EQ(*Parse({"dependencies"})->filter.from, kNow - std::chrono::hours(24));
  EXPECT_EQ(*Parse({"dependencies", "--since", "1h"})->filter.from, kNow - std::chrono::hours(1));
  EXPECT_NE(ErrorOf({"dependencies", "-o", "name"}), "");
  EXPECT_EQ(Parse({"keys", "-o", "name"})->format, Format::kName);
}

TEST_F(OptionsTest, RefusesWhatContradictsItself) {
  EXPECT_NE(ErrorOf({"traces", "--since", "1h", "--from", "now-2h"}), "");
  EXPECT_NE(ErrorOf({"traces", "--from", "now", "--to", "now-2h"}), "");
  EXPECT_NE(ErrorOf({"traces", "--min-duration", "2s", "--max-duration", "1s"}), "");
  EXPECT_NE(ErrorOf({"traces", "--limit", "0"}), "");
  EXPECT_NE(ErrorOf({"traces", "--limit", "10001"}), "");
  EXPECT_NE(ErrorOf({"traces", "--timeout", "0s"}), "");
}

TEST_F(OptionsTest, AFormatThatACommandLacksIsAnErrorOnlyWhenTheFlagAskedForIt) {
  EXPECT_NE(ErrorOf({"traces", "-o", "otlp"}), "");
  EXPECT_NE(ErrorOf({"status", "-o", "name"}), "");
  environment_["TRACECTL_OUTPUT"] = "otlp";
  EXPECT_EQ(Parse({"traces"})->format, Format::kTable);
  EXPECT_EQ(Parse({"trace", "4bf92f35"})->format, Format::kOtlp);
}

TEST_F(OptionsTest, HelpIsNoErrorAndAWrongCommandLineIs) {
  const char* help[] = {"tracectl", "--help"};
  const char* wrong[] = {"tracectl", "observ"};
  const char* nothing[] = {"tracectl"};
  EXPECT_EQ(std::get<Stop>(ParseFlags(2, help)).exit_code, 0);
  EXPECT_EQ(std::get<Stop>(ParseFlags(2, wrong)).exit_code, 2);
  EXPECT_NE(std::get<Stop>(ParseFlags(2, wrong)).text.find("observ"), std::string::npos);
  EXPECT_EQ(std::get<Stop>(ParseFlags(1, nothing)).exit_code, 2);
}

TEST_F(OptionsTest, ColoursAreForTerminalsThatWantThem) {
  Options options;
  const auto coloured = [&](Terminal terminal) {
    return ChooseStyle(options, terminal, environment()).colour;
  };
  EXPECT_TRUE(coloured({.is_tty = true}));
  EXPECT_FALSE(coloured({.is_tty = false}));
  EXPECT_FALSE(coloured({.is_tty = true, .dumb = true}));
  environment_["NO_COLOR"] = "1";
  EXPECT_FALSE(coloured({.is_tty = true}));
  options.colour = ColourMode::kAlways;
  EXPECT_TRUE(coloured({.is_tty = false}));
  options.format = Format::kJson;
  EXPECT_FALSE(coloured({.is_tty = true}));
  options = {.colour = ColourMode::kNever};
  environment_.clear();
  EXPECT_FALSE(coloured({.is_tty = true}));
}

TEST_F(OptionsTest, ThePagerIsForPeopleAndForWhatIsLongerThanTheScreen) {
  const Options options = *Parse({"services"});
  EXPECT_EQ(options.pager, "less");
  const std::string text(10, '\n');
  EXPECT_TRUE(WantsPager(options, {.is_tty = true, .rows = 10}, text));
  EXPECT_FALSE(WantsPager(options, {.is_tty = true, .rows = 11}, text));
  EXPECT_FALSE(WantsPager(options, {.is_tty = false, .rows = 10}, text));
  EXPECT_FALSE(WantsPager(options, {.is_tty = true, .dumb = true, .rows = 10}, text));
  EXPECT_EQ(Parse({"services", "--no-pager"})->pager, "");
  environment_["PAGER"] = "more";
  EXPECT_EQ(Parse({"services"})->pager, "more");
  environment_["TRACECTL_PAGER"] = "cat";
  EXPECT_EQ(Parse({"services"})->pager, "");
}

}  // namespace
}  // namespace clew::cli
