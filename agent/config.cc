#include "agent/config.h"

#include <unistd.h>

#include <algorithm>

#include "agent/config_options.h"
#include "agent/process/read_file.h"
#include "agent/selection.h"

namespace clew::agent {
namespace {

constexpr std::size_t kMaxConfigBytes = 1 << 20;
constexpr char kPrefix[] = "CLEW_AGENT_";

void Apply(const Option& option, const std::vector<std::string>& values, const std::string& where,
           std::vector<std::string>& errors) {
  if (const Status set = option.Set(values); !set)
    errors.push_back(where + ": " + set.error().message);
}

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

void ApplyEnvironment(const std::map<std::string, std::string>& environment,
                      const std::vector<Option>& options, std::vector<std::string>& errors) {
  for (const auto& [name, text] : environment) {
    if (name == std::string(kPrefix) + "CONFIG") continue;
    const auto option =
        std::find_if(options.begin(), options.end(),
                     [&name = name](const Option& o) { return o.Variable() == name; });
    if (option == options.end()) {
      errors.push_back("environment: unknown variable " + name +
                       "; the names are those of the flags");
      continue;
    }
    Apply(*option, option->IsList() ? SplitAtCommas(text) : std::vector<std::string>{text},
          "environment: " + name, errors);
  }
}

// What no single option can see.
void CheckWhole(const AgentConfig& c, std::vector<std::string>& errors) {
  const bool selects = !c.cgroups.empty() || !c.pids.empty() || !c.exes.empty() || !c.ports.empty();
  if (!selects && c.replay.empty()) {
    errors.push_back("nothing to trace: give at least one of --cgroup, --pid, --exe or --port");
  }
  SelectorsOf(c, /*cgroup2_mount=*/"", errors);
  SkipPortsOf(c, errors);
  RuntimesOf(c, errors);
  if (c.runtime_rest < std::chrono::seconds(1))
    errors.push_back("causality.runtime_rest: must be at least 1s");
  if (!c.record.empty() && !c.replay.empty())
    errors.push_back("--record and --replay exclude each other");
  if (c.sample_ratio < 0 || c.sample_ratio > 1)
    errors.push_back("trace.sample_ratio: must be from 0 to 1");
  if (c.endpoints.size() > 64) errors.push_back("export.endpoints: at most 64");
  if (c.endpoints.empty()) errors.push_back("export.endpoints: give at least one, HOST:PORT");
  for (const std::string& endpoint : c.endpoints) {
    if (endpoint.find(':') == std::string::npos)
      errors.push_back("export.endpoints: '" + endpoint + "' is not HOST:PORT");
  }
  constexpr std::uint64_t kSmallestRing = 64 << 10;
  constexpr std::uint64_t kLargestRing = 1 << 30;
  if ((c.ring_bytes & (c.ring_bytes - 1)) != 0 || c.ring_bytes < kSmallestRing ||
      c.ring_bytes > kLargestRing) {
    errors.push_back("capture.ring_bytes: must be a power of two from 65536 to 1073741824");
  }
  if (c.batch_spans == 0 || c.batch_spans > 8192)
    errors.push_back("export.batch_spans: must be from 1 to 8192");
  if (c.queue_spans < c.batch_spans)
    errors.push_back("export.queue_spans: must be at least export.batch_spans");
  if (c.max_connections == 0) errors.push_back("capture.max_connections: must be at least 1");
  if (c.max_processes == 0) errors.push_back("capture.max_processes: must be at least 1");
  if (c.batch_delay.count() == 0) errors.push_back("export.batch_delay: must be longer than 0");
  if (c.export_timeout.count() == 0) errors.push_back("export.timeout: must be longer than 0");
  if (c.scan_interval < std::chrono::milliseconds(100))
    errors.push_back("select.scan_interval: must be at least 100ms");
}

}  // namespace

ConfigOutcome LoadConfig(int argc, const char* const* argv,
                         const std::map<std::string, std::string>& environment) {
  ConfigOutcome out;
  const std::vector<Option> options = OptionsOf(out.config);
  CommandLine line = ReadCommandLine(argc, argv, options, out.errors);
  out.print_config = line.print_config;
  out.print = line.print;
  if (!out.print.empty()) return out;

  if (const auto named = environment.find(std::string(kPrefix) + "CONFIG");
      line.config_file.empty() && named != environment.end()) {
    line.config_file = named->second;
  }
  if (!line.config_file.empty()) {
    if (const auto text = process::ReadFile(line.config_file, kMaxConfigBytes)) {
      const Layer layer = ReadYamlLayer(*text, line.config_file, options, out.errors);
      for (const Option& option : options) {
        if (const auto values = layer.find(option.key); values != layer.end()) {
          Apply(option, values->second, line.config_file + ": " + option.key, out.errors);
        }
      }
    } else {
      out.errors.push_back("configuration file: " + text.error().message);
    }
  }
  ApplyEnvironment(environment, options, out.errors);
  for (const Option& option : options) {
    if (const auto values = line.values.find(option.key); values != line.values.end()) {
      Apply(option, values->second, option.flag, out.errors);
    }
  }
  CheckWhole(out.config, out.errors);
  // The settings as they are can be looked at before anything is selected.
  if (out.print_config)
    std::erase_if(out.errors,
                  [](const std::string& e) { return e.starts_with("nothing to trace"); });
  return out;
}

std::map<std::string, std::string> AgentEnvironment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (text.compare(0, sizeof(kPrefix) - 1, kPrefix) == 0 && equals != std::string::npos) {
      out[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  return out;
}

}  // namespace clew::agent
