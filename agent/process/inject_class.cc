#include "agent/process/inject_class.h"

#include <fnmatch.h>

#include "agent/process/command_line.h"

namespace clew::process {
namespace {

bool AnyMatches(const std::vector<std::string>& patterns, const std::string& name) {
  for (const std::string& pattern : patterns) {
    if (fnmatch(pattern.c_str(), name.c_str(), 0) == 0) return true;
  }
  return false;
}

}  // namespace

InjectClass ClassifyInjection(const ProcessInfo& info, const InjectNames& names) {
  const std::string name(BaseName(info.exe));
  if (AnyMatches(names.uses, name)) return InjectClass::kUses;
  if (info.go_binary || AnyMatches(names.never, name)) return InjectClass::kNever;
  return InjectClass::kUnknown;
}

}  // namespace clew::process
