// Any file as an executable, and any bytes as its code: no harm, and only whole plans.
#include <cstdint>
#include <string_view>

#include "agent/kernel/loop_plan.h"
#include "agent/kernel/probe_point.h"
#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clew::kernel;  // NOLINT(google-build-using-namespace)
  const auto point = FindProbePoint({data, size});
  CLEW_CHECK(!point || *point < size);
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const LoopPlan plan = PlanLoopProbes(clew::process::ReadFrom(file));
  CLEW_CHECK((plan.kind == LoopKind::kNone) == plan.probes.empty());
  return 0;
}
