// Which processes the user asked for. Pure functions: everything about the process is in its
// ProcessInfo.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/process/process_info.h"

namespace clew::process {

struct Selector {
  enum class Kind : std::uint8_t { kCgroup, kPid, kExe, kPort };
  Kind kind = Kind::kExe;
  std::string pattern;       // kCgroup: path below the cgroup2 mount; kExe: shell pattern
  std::uint32_t number = 0;  // kPid, kPort
  std::string service_name;  // overrides what would be found out; empty: no override
};

struct Selectors {
  std::vector<Selector> include;
  std::vector<std::string> exclude_exe;  // shell patterns; win over every include
  std::string service_name;  // for all processes without an override of their own; empty: none

  bool Has(Selector::Kind kind) const;
};

enum class Verdict : std::uint8_t {
  kNo,  // no selector names it; it may still be traced because its parent is
  kTrace,
  kExclude,  // not even when its parent or its cgroup is traced
};

struct Decision {
  Verdict verdict = Verdict::kNo;
  std::string service_name;  // of the first selector that matched, else the general override;
                             // empty: derive it
};

// Excludes first, then the selectors in their order. Port selectors look at info.listening_ports.
Decision Decide(const ProcessInfo& info, const Selectors& selectors);

// True when `pattern` names the executable `exe`: the whole path when it has a slash ("*" matches
// slashes too), else the base name.
bool MatchesExe(const std::string& pattern, const std::string& exe);

// `path` as it stands in /proc/PID/cgroup: "/sys/fs/cgroup/a.slice/" with the mount
// "/sys/fs/cgroup" -> "/a.slice". A path that is not below the mount is taken to be relative to it
// already.
std::string NormalizeCgroup(std::string_view path, std::string_view mount);

// True when `cgroup` is `ancestor` or below it.
bool CgroupIsWithin(std::string_view cgroup, std::string_view ancestor);

}  // namespace clew::process
