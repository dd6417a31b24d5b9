#include "agent/runtime/executor.h"

#include <array>
#include <string>
#include <string_view>

#include "agent/runtime/elf_image.h"
#include "agent/runtime/probe_point.h"
#include "agent/runtime/python_types.h"

namespace clew::runtime {
namespace {

constexpr std::string_view kQueue = "_queue.SimpleQueue";

struct Method {
  std::string_view name;
  std::string_view program;
  bool at_return;
};
constexpr std::array kMethods = {
    Method{"put", "executor_put", false},
    Method{"get", "executor_got", true},
    Method{"get_nowait", "executor_got", true},
};

}  // namespace

Plan PlanExecutor(const process::ReadAt& file) {
  const auto module = ElfImage::Read(file);
  if (!module || module->PointersTo(kQueue).empty()) return {};
  Plan plan{.kind = Kind::kExecutor};
  for (const Method& method : kMethods) {
    Plan lacking{.missing = "SimpleQueue." + std::string(method.name)};
    const auto function = FindMethod(*module, kQueue, method.name);
    if (!function) return lacking;
    const auto code = module->CodeAt(*function, kProbeCodeBytes);
    const auto point = method.at_return ? FindReturnPoint(code) : FindProbePoint(code);
    const auto offset = point ? module->CodeOffset(*function + *point) : std::nullopt;
    if (!offset) return lacking;
    plan.probes.push_back(
        {.program = method.program, .offset = *offset, .at_return = method.at_return});
  }
  return plan;
}

}  // namespace clew::runtime
