#include "agent/capabilities.h"

#include <linux/capability.h>

#include <charconv>
#include <cstdint>

#include "agent/process/read_file.h"

namespace clew::agent {
namespace {

struct Needed {
  int bit;
  const char* name;
  bool or_sys_admin;
};
constexpr Needed kNeeded[] = {
    {CAP_BPF, "CAP_BPF", true},
    {CAP_PERFMON, "CAP_PERFMON", true},
    {CAP_NET_ADMIN, "CAP_NET_ADMIN", false},
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", false},
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", false},
};

}  // namespace

std::string MissingCapabilities(std::string_view proc_status) {
  constexpr std::string_view kLine = "CapEff:\t";
  std::uint64_t effective = 0;
  if (const auto at = proc_status.find(kLine); at != proc_status.npos) {
    const std::string_view digits = proc_status.substr(at + kLine.size(), 16);
    std::from_chars(digits.data(), digits.data() + digits.size(), effective, 16);
  }
  const auto has = [effective](int bit) { return (effective >> bit & 1) != 0; };
  std::string missing;
  for (const Needed& needed : kNeeded) {
    if (has(needed.bit) || (needed.or_sys_admin && has(CAP_SYS_ADMIN))) continue;
    missing.append(missing.empty() ? "" : ", ").append(needed.name);
  }
  return missing;
}

std::string ExplainDenied(const std::string& message) {
  const auto status = process::ReadFile("/proc/self/status", 64 << 10);
  const std::string missing = status ? MissingCapabilities(*status) : std::string();
  if (!missing.empty()) return message + "; missing: " + missing + " (run as root, or grant them)";
  return message +
         "; all capabilities are there, so this kernel or container refuses BPF (seccomp profile, "
         "lockdown)";
}

}  // namespace clew::agent
