#include "agent/selection.h"

#include <algorithm>
#include <charconv>

namespace clew::agent {
namespace {

using process::Selector;

constexpr std::uint32_t kMaxPid = 1 << 22;  // PID_MAX_LIMIT
constexpr std::uint32_t kMaxPort = 65535;
constexpr std::size_t kMaxNetworks = 256;  // max_entries of option_networks in bpf/maps.bpf.h

// A number from 1 to `max`; 0 and a complaint when it is none.
std::uint32_t ParseNumber(const std::string& option, const std::string& text, std::uint32_t max,
                          std::vector<std::string>& errors) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= max)
    return number;
  errors.push_back(option + ": '" + text + "' is not a number from 1 to " + std::to_string(max));
  return 0;
}

}  // namespace

NamedWord SplitName(const std::string& text) {
  const auto equals = text.rfind('=');
  if (equals == std::string::npos) return {text, {}};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

process::Selectors SelectorsOf(const AgentConfig& config, const std::string& cgroup2_mount,
                               std::vector<std::string>& errors) {
  process::Selectors out;
  const auto add = [&](Selector::Kind kind, const char* option,
                       const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      NamedWord named = SplitName(text);
      if (named.word.empty()) {
        errors.push_back(std::string(option) + ": '" + text + "' selects nothing");
        continue;
      }
      Selector selector{.kind = kind, .service_name = std::move(named.service_name)};
      switch (kind) {
        case Selector::Kind::kCgroup:
          selector.pattern = process::NormalizeCgroup(named.word, cgroup2_mount);
          break;
        case Selector::Kind::kExe:
          selector.pattern = std::move(named.word);
          break;
        case Selector::Kind::kPid:
          selector.number = ParseNumber(option, named.word, kMaxPid, errors);
          break;
        case Selector::Kind::kPort:
          selector.number = ParseNumber(option, named.word, kMaxPort, errors);
          break;
      }
      out.include.push_back(std::move(selector));
    }
  };
  add(Selector::Kind::kCgroup, "--cgroup", config.cgroups);
  add(Selector::Kind::kPid, "--pid", config.pids);
  add(Selector::Kind::kExe, "--exe", config.exes);
  add(Selector::Kind::kPort, "--port", config.ports);
  out.exclude_exe = config.exclude_exes;
  out.service_name = config.service_name;
  return out;
}

std::vector<std::uint16_t> SkipPortsOf(const AgentConfig& config,
                                       std::vector<std::string>& errors) {
  std::vector<std::uint16_t> out;
  for (const std::string& text : config.skip_ports) {
    out.push_back(
        static_cast<std::uint16_t>(ParseNumber("inject.skip_ports", text, kMaxPort, errors)));
  }
  return out;
}

std::vector<Network> OptionNetworksOf(const AgentConfig& config, std::vector<std::string>& errors) {
  const auto& texts = config.tcp_option_networks;
  std::vector<Network> out;
  if (texts == std::vector<std::string>{"none"}) return out;
  if (texts.size() > kMaxNetworks)
    errors.push_back("inject.tcp_option_networks: at most " + std::to_string(kMaxNetworks));
  for (const std::string& text : texts) {
    if (auto network = ParseNetwork(text)) {
      out.push_back(*network);
    } else {
      errors.push_back("inject.tcp_option_networks: " + network.error().message);
    }
  }
  if (config.tcp_option == "off") out.clear();
  return out;
}

std::vector<runtime::Kind> RuntimesOf(const AgentConfig& config, std::vector<std::string>& errors) {
  std::vector<runtime::Kind> out;
  if (config.runtimes == std::vector<std::string>{"none"}) return out;
  const auto known = runtime::Runtimes();
  if (config.runtimes == std::vector<std::string>{"all"}) {
    for (const runtime::Runtime& runtime : known) out.push_back(runtime.kind);
    return out;
  }
  for (const std::string& text : config.runtimes) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const runtime::Runtime& r) { return r.name == text; });
    if (found == known.end()) {
      errors.push_back("causality.runtimes: '" + text + "' is no runtime that is known");
    } else {
      out.push_back(found->kind);
    }
  }
  return out;
}

process::InjectNames InjectNamesOf(const AgentConfig& config) {
  process::InjectNames names;
  names.uses.insert(names.uses.end(), config.fionread_users.begin(), config.fionread_users.end());
  names.never.insert(names.never.end(), config.fionread_never.begin(), config.fionread_never.end());
  return names;
}

}  // namespace clew::agent
