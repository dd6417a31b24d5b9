// clew-collector: receives spans over OTLP, keeps them, answers queries.
//
// Exit status: 0 after SIGTERM or SIGINT, 1 when it cannot start, 2 for a wrong command line or
// configuration.
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "base/log.h"
#include "collector/collector.h"
#include "collector/config.h"

namespace clew::collector {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

// A line for each line of the message.
int Fail(const Error& error, int status) {
  std::istringstream lines(error.message);
  for (std::string line; std::getline(lines, line);) {
    std::fprintf(stderr, "clew-collector: %s\n", line.c_str());
  }
  return status;
}

// File, environment and flags, whatever of them there is.
Result<Config> LoadConfig(const std::string& path, const ConfigSource& flags) {
  std::vector<ConfigSource> sources;
  std::string wrong;
  if (!path.empty()) {
    auto file = ReadConfigFile(path);
    if (file) {
      sources.push_back(*std::move(file));
    } else {
      wrong = file.error().message;
    }
  }
  sources.push_back(ReadEnvironment([](const char* name) { return std::getenv(name); }));
  sources.push_back(flags);
  auto config = ResolveConfig(sources);
  if (wrong.empty()) return config;
  if (!config) wrong += "\n" + config.error().message;
  return Error{Code::kInvalid, wrong};
}

// Signals that end the collector are taken by sigwait below; threads inherit the mask.
sigset_t BlockStopSignals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  return stop;
}

// Buffers come and go by the thousand here (requests, columns, segments). glibc takes them from its
// arenas, by default 8 for each core, where the holes that they leave behind add up.
void KeepArenasFew() {
  constexpr int kArenas = 4;
  ::mallopt(M_ARENA_MAX, kArenas);
}

int Run(const Config& config) {
  KeepArenasFew();
  LogLevel level = LogLevel::kInfo;
  ParseLogLevel(config.log_level, level);
  SetLogLevel(level);
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // its errors come back to us, and are said in one line
  ::umask(027);                           // spans are not for every user of the machine
  const sigset_t stop = BlockStopSignals();
  auto collector = StartCollector(config);
  if (!collector) return Fail(collector.error(), kExitFailed);
  LOG_INFO("serving", {"otlp", (*collector)->otlp_address()},
           {"query", (*collector)->query_address()}, {"metrics", (*collector)->metrics_address()},
           {"data_dir", config.data_dir}, {"version", CLEW_VERSION});
  ::sd_notify(0, "READY=1");

  int signal = 0;
  ::sigwait(&stop, &signal);
  pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);  // a second signal ends at once
  LOG_INFO("stopping", {"signal", std::to_string(signal)});
  ::sd_notify(0, "STOPPING=1");
  (*collector)->Stop();
  collector->reset();
  LOG_INFO("stopped");
  return 0;
}

}  // namespace
}  // namespace clew::collector

int main(int argc, char** argv) {
  using namespace clew::collector;
  CLI::App app("Receives spans over OTLP/gRPC, stores them durably and answers queries.",
               "clew-collector");
  app.set_version_flag("--version", std::string("clew-collector ") + CLEW_VERSION);
  std::string path;
  bool print = false;
  app.add_option("--config", path, "YAML file with these settings")
      ->envname("CLEW_COLLECTOR_CONFIG");
  app.add_flag("--print-config", print, "print the effective settings and exit");
  std::map<std::string, std::string> values;
  std::vector<std::pair<std::string, CLI::Option*>> options;
  for (const Setting& setting : Settings()) {
    CLI::Option* const option = app.add_option(setting.flag(), values[setting.name], setting.help);
    option->default_str(setting.get(Config{}));
    options.emplace_back(setting.name, option);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  for (const auto& [name, option] : options) {
    if (option->count() == 0) values.erase(name);
  }
  const auto config = LoadConfig(path, {"command line", values});
  if (!config) return Fail(config.error(), kExitUsage);
  if (print) {
    std::fputs(PrintConfig(*config).c_str(), stdout);
    return 0;
  }
  return Run(*config);
}
