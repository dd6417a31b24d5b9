// clew-agent: traces unmodified services and sends their spans to a collector.
//
// Exit status: 0 after SIGTERM or SIGINT and at the end of a replay, 1 when it cannot start or go
// on, 2 for a wrong command line or configuration.
#include <malloc.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "agent/config.h"
#include "agent/run.h"
#include "base/log.h"

namespace {

std::atomic<bool> g_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the signal handler writes it");

void OnStopSignal(int) { g_stop = true; }

void InstallStopSignals() {
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second signal ends at once
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace clew::agent;
  const ConfigOutcome outcome = LoadConfig(argc, argv, AgentEnvironment());
  if (!outcome.print.empty() && outcome.errors.empty()) {
    std::fputs(outcome.print.c_str(), stdout);
    return kExitOk;
  }
  for (const std::string& error : outcome.errors)
    std::fprintf(stderr, "clew-agent: %s\n", error.c_str());
  if (!outcome.errors.empty()) return kExitUsage;
  const AgentConfig& config = outcome.config;
  if (outcome.print_config) {
    std::fputs(ToYaml(config).c_str(), stdout);
    return kExitOk;
  }

  clew::LogLevel level = clew::LogLevel::kInfo;
  clew::ParseLogLevel(config.log_level, level);
  clew::SetLogLevel(level);
  // An arena for every thread of gRPC's would cost more memory than the agent itself.
  mallopt(M_ARENA_MAX, 2);
  setenv("GRPC_VERBOSITY", "NONE", 0);  // its errors come back to us, and are said in one line
  InstallStopSignals();
  return config.replay.empty() ? RunLive(config, g_stop) : RunReplay(config, g_stop);
}
