#include "agent/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agent/config_options.h"
#include "agent/selection.h"
#include "base/duration.h"

namespace clew::agent {
namespace {

using std::chrono::milliseconds;
using testing::Test;

class ConfigTest : public Test {
 protected:
  ConfigTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "clew-config-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& text) {
    const std::string path = folder_ + "/agent.yaml";
    std::ofstream(path) << text;
    return path;
  }
  static ConfigOutcome Load(std::vector<std::string> arguments,
                            const std::map<std::string, std::string>& environment = {}) {
    std::vector<const char*> argv = {"clew-agent"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    return LoadConfig(static_cast<int>(argv.size()), argv.data(), environment);
  }
  static bool Mentions(const ConfigOutcome& outcome, const std::string& text) {
    for (const std::string& error : outcome.errors) {
      if (error.find(text) != std::string::npos) return true;
    }
    return false;
  }
  std::string folder_;
};

TEST_F(ConfigTest, EveryFlagOfTheManualIsTaken) {
  const ConfigOutcome outcome = Load({"--cgroup",
                                      "/a",
                                      "--cgroup=/b",
                                      "--pid",
                                      "7",
                                      "--exe",
                                      "nginx",
                                      "--port",
                                      "80",
                                      "--exclude-exe",
                                      "sshd",
                                      "--capture",
                                      "socket",
                                      "--inject",
                                      "off",
                                      "--attach-cgroup",
                                      "/c",
                                      "--endpoint",
                                      "a:1",
                                      "--endpoint",
                                      "b:2",
                                      "--metrics-listen",
                                      "",
                                      "--record",
                                      "/r",
                                      "--sample-ratio",
                                      "0.5",
                                      "--service-name",
                                      "shop",
                                      "--log-level",
                                      "debug"});
  EXPECT_EQ(outcome.errors, std::vector<std::string>{});
  const AgentConfig& c = outcome.config;
  EXPECT_EQ(c.cgroups, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(c.pids, std::vector<std::string>{"7"});
  EXPECT_EQ(c.exes, std::vector<std::string>{"nginx"});
  EXPECT_EQ(c.ports, std::vector<std::string>{"80"});
  EXPECT_EQ(c.exclude_exes, std::vector<std::string>{"sshd"});
  EXPECT_EQ(c.capture, "socket");
  EXPECT_EQ(c.inject, "off");
  EXPECT_EQ(c.attach_cgroups, std::vector<std::string>{"/c"});
  EXPECT_EQ(c.endpoints, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(c.metrics_listen, "");
  EXPECT_EQ(c.record, "/r");
  EXPECT_EQ(c.sample_ratio, 0.5);
  EXPECT_EQ(c.service_name, "shop");
  EXPECT_EQ(c.log_level, "debug");
}

TEST_F(ConfigTest, AFlagWinsOverTheEnvironmentAndThatOverTheFile) {
  const std::string path = File(
      "select: {exes: [a, b]}\nexport: {endpoints: [file:1], batch_delay: 2s}\ntrace: "
      "{sample_ratio: 0.1}\n");
  const ConfigOutcome outcome =
      Load({"--config", path, "--sample-ratio", "0.3"},
           {{"CLEW_AGENT_SAMPLE_RATIO", "0.2"}, {"CLEW_AGENT_ENDPOINT", "env:1,env:2"}});
  EXPECT_EQ(outcome.errors, std::vector<std::string>{});
  EXPECT_EQ(outcome.config.exes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(outcome.config.endpoints, (std::vector<std::string>{"env:1", "env:2"}));
  EXPECT_EQ(outcome.config.batch_delay, milliseconds(2000));
  EXPECT_EQ(outcome.config.sample_ratio, 0.3);
}

TEST_F(ConfigTest, SettingsWithoutAFlagHaveAVariableAndTheFileCanBeNamedByOne) {
  const std::string path = File("select: {pids: 7}\n");
  const ConfigOutcome outcome =
      Load({}, {{"CLEW_AGENT_CONFIG", path}, {"CLEW_AGENT_EXPORT_QUEUE_SPANS", "999"}});
  EXPECT_EQ(outcome.errors, std::vector<std::string>{});
  EXPECT_EQ(outcome.config.pids, std::vector<std::string>{"7"});
  EXPECT_EQ(outcome.config.queue_spans, 999u);
}

TEST_F(ConfigTest, EveryErrorOfEveryLayerIsToldAtOnceWithItsPlace) {
  const std::string path = File(
      "selekt: {}\nexport:\n  batch_delay: soon\n  endpoints: {a: b}\n  nonsense: 1\nlog: [x]\n");
  const ConfigOutcome outcome = Load({"--config", path, "--capture", "magic", "--pid", "x",
                                      "--port", "0", "--unknown", "--sample-ratio", "2",
                                      "--runtime", "cobol"},
                                     {{"CLEW_AGENT_LOG_LEVEL", "loud"},
                                      {"CLEW_AGENT_RUNTIME_REST", "1ms"},
                                      {"CLEW_AGENT_TYPO", "1"}});
  for (const char* text :
       {"agent.yaml:1: unknown setting 'selekt'", "export.batch_delay: 'soon' is no duration",
        "agent.yaml:4: expected a list", "unknown setting 'export.nonsense'",
        "agent.yaml:6: expected settings",
        "--capture: 'magic' is not one of: auto, socket, syscall", "--pid: 'x' is not a number",
        "--port: '0' is not a number", "unknown argument '--unknown'",
        "CLEW_AGENT_LOG_LEVEL: 'loud'", "unknown variable CLEW_AGENT_TYPO",
        "sample_ratio: must be from 0 to 1",
        "causality.runtimes: 'cobol' is no runtime", "causality.runtime_rest: must be at least"}) {
    EXPECT_TRUE(Mentions(outcome, text)) << text;
  }
  EXPECT_EQ(outcome.errors.size(), 14u);
}

TEST_F(ConfigTest, NothingSelectedIsAnErrorUnlessAFileIsReplayed) {
  EXPECT_TRUE(Mentions(Load({}),
                       "nothing to trace: give at least one of --cgroup, --pid, --exe or --port"));
  EXPECT_TRUE(Load({"--replay", "/x"}).errors.empty());
  EXPECT_TRUE(Load({"--print-config"}).errors.empty());
  EXPECT_TRUE(Mentions(Load({"--replay", "/x", "--record", "/y"}), "exclude each other"));
}

TEST_F(ConfigTest, FilesThatAreNotThereOrNotYamlAreNamed) {
  EXPECT_TRUE(Mentions(Load({"--config", folder_ + "/none.yaml", "--pid", "1"}),
                       "none.yaml: No such file"));
  EXPECT_TRUE(Mentions(Load({"--config", File("a: [b\n"), "--pid", "1"}), "not YAML"));
  EXPECT_TRUE(Mentions(Load({"--config", File("just text\n"), "--pid", "1"}),
                       "expected settings of the form"));
  EXPECT_TRUE(Load({"--config", File(""), "--pid", "1"}).errors.empty());
}

TEST_F(ConfigTest, WhatIsPrintedIsReadBackToTheSame) {
  const ConfigOutcome first = Load(
      {"--exe", "a*=shop: \"one\"", "--pid", "7", "--metrics-listen", "", "--sample-ratio", "0.25"},
      {{"CLEW_AGENT_EXPORT_TIMEOUT", "1500ms"}});
  ASSERT_EQ(first.errors, std::vector<std::string>{});
  const ConfigOutcome second = Load({"--config", File(ToYaml(first.config))});
  EXPECT_EQ(second.errors, std::vector<std::string>{});
  EXPECT_EQ(ToYaml(second.config), ToYaml(first.config));
  EXPECT_EQ(second.config.exes, first.config.exes);
  EXPECT_EQ(second.config.export_timeout, milliseconds(1500));
}

TEST_F(ConfigTest, HelpAndVersionAreTexts) {
  EXPECT_NE(Load({"--help"}).print.find("--endpoint"), std::string::npos);
  EXPECT_EQ(Load({"--version"}).print, "clew-agent " CLEW_VERSION "\n");
}

TEST(Durations, ArePrintedAsTheyAreRead) {
  for (const int ms : {0, 1, 999, 1000, 61'000})
    EXPECT_EQ(*ParseDuration(FormatDuration(milliseconds(ms))), milliseconds(ms));
}

TEST(Selection, AWordMayNameTheServiceThatItSelects) {
  AgentConfig config;
  config.cgroups = {"/sys/fs/cgroup/a=shop"};
  config.ports = {"8080=edge", "9090"};
  std::vector<std::string> errors;
  const process::Selectors selectors = SelectorsOf(config, "/sys/fs/cgroup", errors);
  EXPECT_TRUE(errors.empty());
  ASSERT_EQ(selectors.include.size(), 3u);
  EXPECT_EQ(selectors.include[0].pattern, "/a");
  EXPECT_EQ(selectors.include[0].service_name, "shop");
  EXPECT_EQ(selectors.include[1].number, 8080u);
  EXPECT_EQ(selectors.include[1].service_name, "edge");
  EXPECT_EQ(selectors.include[2].service_name, "");
}

}  // namespace
}  // namespace clew::agent
