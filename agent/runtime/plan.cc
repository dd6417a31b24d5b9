#include "agent/runtime/plan.h"

#include <algorithm>
#include <array>

#include "agent/runtime/asyncio.h"
#include "agent/runtime/executor.h"
#include "agent/runtime/go.h"
#include "agent/runtime/hotspot.h"
#include "agent/runtime/libuv.h"
#include "agent/runtime/nginx.h"

namespace clew::runtime {
namespace {

Plan PlanNothing(const process::ReadAt&) { return {}; }

constexpr std::array kRuntimes = {
    Runtime{Kind::kNginx, "nginx", Part::kExecutable, PlanNginx},
    Runtime{Kind::kLibuv, "node", Part::kExecutable, PlanLibuv},
    Runtime{Kind::kGo, "go", Part::kExecutable, PlanGo},
    Runtime{Kind::kAsyncio, "asyncio", Part::kPythonModule, PlanAsyncio},
    Runtime{Kind::kExecutor, "executor", Part::kPythonModule, PlanExecutor},
    Runtime{Kind::kJava, "java", Part::kJavaProgram, PlanJava},
    Runtime{Kind::kHandback, "handback", Part::kNothing, PlanNothing},
};

}  // namespace

std::span<const Runtime> Runtimes() { return kRuntimes; }

Plan PlanProbes(const process::ReadAt& file, Part part, std::span<const Kind> wanted) {
  for (const Runtime& runtime : kRuntimes) {
    if (runtime.part != part) continue;
    if (std::find(wanted.begin(), wanted.end(), runtime.kind) == wanted.end()) continue;
    Plan plan = runtime.plan(file);
    if (plan.kind || !plan.missing.empty()) return plan;
  }
  return {};
}

}  // namespace clew::runtime
