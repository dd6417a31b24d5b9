// What the configuration's words select, in the terms of the process stage.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/process/inject_class.h"
#include "agent/process/selectors.h"
#include "agent/runtime/plan.h"
#include "base/network.h"

namespace clew::agent {

// "WORD" or "WORD=NAME": what is selected, and the service name given to it.
struct NamedWord {
  std::string word;
  std::string service_name;
};
NamedWord SplitName(const std::string& text);

// Appends a line to `errors` for every word that cannot be understood. Cgroup paths are taken as
// below `cgroup2_mount`.
process::Selectors SelectorsOf(const AgentConfig& config, const std::string& cgroup2_mount,
                               std::vector<std::string>& errors);
std::vector<std::uint16_t> SkipPortsOf(const AgentConfig& config, std::vector<std::string>& errors);
// Empty when the TCP option is switched off.
std::vector<Network> OptionNetworksOf(const AgentConfig& config, std::vector<std::string>& errors);
std::vector<runtime::Kind> RuntimesOf(const AgentConfig& config, std::vector<std::string>& errors);
// The defaults and what the configuration adds.
process::InjectNames InjectNamesOf(const AgentConfig& config);

}  // namespace clew::agent
