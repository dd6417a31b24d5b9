#include "agent/process/selectors.h"

#include <fnmatch.h>

#include <algorithm>

#include "agent/process/command_line.h"

namespace clew::process {
namespace {

bool Matches(const Selector& selector, const ProcessInfo& info) {
  switch (selector.kind) {
    case Selector::Kind::kCgroup:
      return CgroupIsWithin(info.cgroup, selector.pattern);
    case Selector::Kind::kPid:
      return info.tgid == selector.number;
    case Selector::Kind::kExe:
      return MatchesExe(selector.pattern, info.exe);
    case Selector::Kind::kPort:
      return std::find(info.listening_ports.begin(), info.listening_ports.end(), selector.number) !=
             info.listening_ports.end();
  }
  return false;
}

}  // namespace

bool Selectors::Has(Selector::Kind kind) const {
  return std::any_of(include.begin(), include.end(),
                     [kind](const Selector& s) { return s.kind == kind; });
}

Decision Decide(const ProcessInfo& info, const Selectors& selectors) {
  for (const std::string& pattern : selectors.exclude_exe) {
    if (MatchesExe(pattern, info.exe)) return {Verdict::kExclude, {}};
  }
  for (const Selector& selector : selectors.include) {
    if (!Matches(selector, info)) continue;
    return {Verdict::kTrace,
            selector.service_name.empty() ? selectors.service_name : selector.service_name};
  }
  return {Verdict::kNo, selectors.service_name};
}

bool MatchesExe(const std::string& pattern, const std::string& exe) {
  if (exe.empty()) return false;
  if (pattern.find('/') != std::string::npos) return fnmatch(pattern.c_str(), exe.c_str(), 0) == 0;
  return fnmatch(pattern.c_str(), std::string(BaseName(exe)).c_str(), 0) == 0;
}

std::string NormalizeCgroup(std::string_view path, std::string_view mount) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  while (!mount.empty() && mount.back() == '/') mount.remove_suffix(1);
  if (!mount.empty() && CgroupIsWithin(path, mount)) path.remove_prefix(mount.size());
  if (path.empty()) return "/";
  return path[0] == '/' ? std::string(path) : "/" + std::string(path);
}

bool CgroupIsWithin(std::string_view cgroup, std::string_view ancestor) {
  if (ancestor.empty() || cgroup.empty()) return false;
  if (ancestor == "/") return true;
  return cgroup.substr(0, ancestor.size()) == ancestor &&
         (cgroup.size() == ancestor.size() || cgroup[ancestor.size()] == '/');
}

}  // namespace clew::process
