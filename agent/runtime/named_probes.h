// Plans of runtimes whose functions are found by their symbols.
#pragma once

#include <span>
#include <string_view>

#include "agent/process/elf_file.h"
#include "agent/runtime/plan.h"

namespace clew::runtime {

struct NamedProbe {
  std::string_view function;
  std::string_view program;
};

// A probe in each of the functions. Where there is none of them, the executable is another one's.
Plan PlanByName(const process::ReadAt& executable, Kind kind, std::span<const NamedProbe> wanted);

}  // namespace clew::runtime
