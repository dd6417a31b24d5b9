#include "agent/runtime/named_probes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "agent/runtime/elf_symbols.h"
#include "agent/runtime/probe_point.h"

namespace clew::runtime {
namespace {

// Where in the file a probe of `function` goes.
std::optional<std::uint64_t> ProbeOffset(const process::ReadAt& executable,
                                         const Function& function) {
  if (function.size == 0) return std::nullopt;
  std::array<std::uint8_t, kProbeCodeBytes> code{};
  const std::size_t size = std::min<std::uint64_t>(function.size, code.size());
  if (!executable(function.offset, code.data(), size)) return std::nullopt;
  const auto point = FindProbePoint(std::span(code).first(size));
  if (!point) return std::nullopt;
  return function.offset + *point;
}

}  // namespace

Plan PlanByName(const process::ReadAt& executable, Kind kind, std::span<const NamedProbe> wanted) {
  std::vector<std::string_view> names;
  for (const NamedProbe& probe : wanted) names.push_back(probe.function);
  const auto functions = FindFunctions(executable, names);
  if (functions.empty()) return {};
  Plan plan{.kind = kind};
  for (const NamedProbe& probe : wanted) {
    const auto found = functions.find(probe.function);
    const auto offset =
        found == functions.end() ? std::nullopt : ProbeOffset(executable, found->second);
    if (!offset) return {.missing = std::string(probe.function)};
    plan.probes.push_back({probe.program, *offset});
  }
  return plan;
}

}  // namespace clew::runtime
