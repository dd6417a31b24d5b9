// The agent's settings: one struct, with the defaults and units beside the fields.
//
// A YAML file, under environment variables (CLEW_AGENT_*), under flags. A list that a higher layer
// sets replaces the lower one's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace clew::agent {

struct AgentConfig {
  // Selectors. Each may end in "=NAME", which then is the service.name of what it selects.
  std::vector<std::string> cgroups;  // folders, absolute or relative to the cgroup2 mount
  std::vector<std::string> pids;
  std::vector<std::string> exes;  // shell patterns, on the base name when they have no slash
  std::vector<std::string> ports;
  std::vector<std::string> exclude_exes;
  std::string
      service_name;  // of everything that has no name of its own from a selector; empty: found out
  std::chrono::milliseconds scan_interval{5000};

  std::string capture = "auto";  // auto, socket, syscall
  std::uint64_t ring_bytes = 8 << 20;
  std::uint64_t max_connections = 65536;
  std::uint64_t max_processes = 16384;

  std::string inject = "auto";              // auto, on, off
  std::vector<std::string> attach_cgroups;  // empty: `cgroups`, without those the root
  std::vector<std::string> skip_ports;      // of servers that do not speak HTTP: never injected
  std::vector<std::string> fionread_users;  // executables, added to those known by name
  std::vector<std::string> fionread_never;

  std::string tcp_option = "auto";  // auto, off
  // Where TCP options are sent to and taken from; "none": nowhere.
  std::vector<std::string> tcp_option_networks = {
      "127.0.0.0/8",    "::1",      "10.0.0.0/8", "172.16.0.0/12",
      "192.168.0.0/16", "fc00::/7", "fe80::/10"};

  // Of runtime::Runtimes(); or "none" or "all" alone. asyncio and go cost their services more than
  // 2%, and handback may be wrong where a lock is held over a call: for those who ask for them.
  std::vector<std::string> runtimes = {"nginx", "node", "executor", "java"};
  std::chrono::milliseconds runtime_rest{600'000};

  double sample_ratio = 1.0;            // of new traces
  std::string started_threads = "off";  // off, on
  std::string query_values = "redact";  // redact, keep, drop

  std::vector<std::string> endpoints = {"127.0.0.1:4317"};  // in order of preference
  std::uint64_t batch_spans = 512;
  std::chrono::milliseconds batch_delay{1000};
  std::uint64_t queue_spans = 16384;
  std::chrono::milliseconds export_timeout{10'000};
  std::chrono::milliseconds shutdown_timeout{5000};
  std::chrono::milliseconds slow_span{1000};  // kept before others when the queue is full

  std::string metrics_listen = "127.0.0.1:9464";  // empty: none
  std::string log_level = "info";
  std::string record;  // file to write
  std::string replay;  // file to read instead of tracing
};

// What the command line asked for, and everything that is wrong with any layer.
struct ConfigOutcome {
  AgentConfig config;
  std::vector<std::string> errors;  // each names the place and what to do
  bool print_config = false;
  std::string print;  // --help or --version: to be printed, nothing else done
};

// `environment` has the variables that begin with CLEW_AGENT_. Reads the file that --config names.
ConfigOutcome LoadConfig(int argc, const char* const* argv,
                         const std::map<std::string, std::string>& environment);

// The variables of this process that begin with CLEW_AGENT_.
std::map<std::string, std::string> AgentEnvironment();

// The effective configuration as a file that LoadConfig reads back to the same.
std::string ToYaml(const AgentConfig& config);

}  // namespace clew::agent
