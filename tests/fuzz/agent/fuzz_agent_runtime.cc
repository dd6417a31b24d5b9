// Any file as an executable, and any bytes as its code: no harm, and only whole plans.
#include <cstdint>
#include <string_view>

#include "agent/runtime/plan.h"
#include "agent/runtime/probe_point.h"
#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clew::runtime;  // NOLINT(google-build-using-namespace)
  const auto point = FindProbePoint({data, size});
  CLEW_CHECK(!point || *point < size);
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  for (const Runtime& runtime : Runtimes()) {
    const Plan plan = runtime.plan(clew::process::ReadFrom(file));
    CLEW_CHECK(plan.kind == Kind::kJava || plan.kind.has_value() != plan.probes.empty());
  }
  return 0;
}
