#include "agent/runtime/plan.h"

#include <algorithm>
#include <array>

#include "agent/runtime/go.h"
#include "agent/runtime/libuv.h"
#include "agent/runtime/nginx.h"

namespace clew::runtime {
namespace {

constexpr std::array kRuntimes = {
    Runtime{Kind::kNginx, "nginx", PlanNginx},
    Runtime{Kind::kLibuv, "node", PlanLibuv},
    Runtime{Kind::kGo, "go", PlanGo},
};

}  // namespace

std::span<const Runtime> Runtimes() { return kRuntimes; }

Plan PlanProbes(const process::ReadAt& executable, std::span<const Kind> wanted) {
  for (const Runtime& runtime : kRuntimes) {
    if (std::find(wanted.begin(), wanted.end(), runtime.kind) == wanted.end()) continue;
    Plan plan = runtime.plan(executable);
    if (plan.kind || !plan.missing.empty()) return plan;
  }
  return {};
}

}  // namespace clew::runtime
