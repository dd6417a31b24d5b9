#include "agent/runtime/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/agent/runtime/made_elf.h"

namespace clew::runtime {
namespace {

const std::string kPush = "\x55\xc3";

std::vector<MadeFunction> Libuv() {
  std::vector<MadeFunction> functions;
  for (const char* name : {"uv__stream_io", "uv__server_io", "uv__async_io", "uv__signal_event",
                           "uv__udp_io", "uv__poll_io", "uv__inotify_read", "uv__run_check"}) {
    functions.push_back({name, kPush});
  }
  return functions;
}

clew::runtime::Plan PlanOf(const std::vector<MadeFunction>& functions) {
  const std::string elf = MakeElf(functions);
  constexpr Kind kAll[] = {Kind::kNginx, Kind::kLibuv};
  return PlanProbes(process::ReadFrom(elf), Part::kExecutable, kAll);
}

TEST(RuntimePlan, NginxNeedsTheBeginningOfAnUpstreamCall) {
  const Plan plan = PlanOf({{"main", kPush}, {"ngx_event_connect_peer", kPush}});
  EXPECT_EQ(plan.kind, Kind::kNginx);
  ASSERT_EQ(plan.probes.size(), 1u);
  EXPECT_EQ(plan.probes[0].program, "nginx_peer");
}

TEST(RuntimePlan, LibuvNeedsEveryKindOfCallback) {
  const Plan plan = PlanOf(Libuv());
  EXPECT_EQ(plan.kind, Kind::kLibuv);
  EXPECT_EQ(plan.probes.size(), 8u);
  EXPECT_EQ(std::count_if(plan.probes.begin(), plan.probes.end(),
                          [](const Probe& probe) { return probe.program == "libuv_stream"; }),
            1);
}

TEST(RuntimePlan, WithoutOneFunctionThereIsNoPlanAtAll) {
  for (std::size_t left_out = 0; left_out < Libuv().size(); ++left_out) {
    std::vector<MadeFunction> functions = Libuv();
    const std::string name = functions[left_out].name;
    functions.erase(functions.begin() + static_cast<std::ptrdiff_t>(left_out));
    const Plan plan = PlanOf(functions);
    EXPECT_FALSE(plan.kind) << name;
    EXPECT_TRUE(plan.probes.empty()) << name;
    EXPECT_EQ(plan.missing, name);
  }
}

TEST(RuntimePlan, AFunctionThatOnlyADearProbeFitsIsMissing) {
  std::vector<MadeFunction> functions = Libuv();
  functions.back().code = "\x48\x83\xec\x18\xc3";  // sub $0x18,%rsp; ret
  EXPECT_EQ(PlanOf(functions).missing, "uv__run_check");
}

TEST(RuntimePlan, ASharedLibuvIsMissing) {
  constexpr Kind kLibuvOnly[] = {Kind::kLibuv};
  for (const char* library : {"libuv.so.1", "libnode.so.108"}) {
    const std::string elf = MakeElf({{"main", kPush}}, 0, {"libc.so.6", library});
    const Plan plan = PlanProbes(process::ReadFrom(elf), Part::kExecutable, kLibuvOnly);
    EXPECT_FALSE(plan.kind) << library;
    EXPECT_NE(plan.missing, "") << library;
  }
}

TEST(RuntimePlan, OtherExecutablesHaveNone) {
  const Plan plan = PlanOf({{"main", kPush}});
  EXPECT_FALSE(plan.kind);
  EXPECT_EQ(plan.missing, "");
}

}  // namespace
}  // namespace clew::runtime
