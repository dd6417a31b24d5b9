#include "agent/kernel/loop_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/agent/kernel/made_elf.h"

namespace clew::kernel {
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

LoopPlan Plan(const std::vector<MadeFunction>& functions) {
  const std::string elf = MakeElf(functions);
  return PlanLoopProbes(process::ReadFrom(elf));
}

TEST(LoopPlan, NginxNeedsTheBeginningOfAnUpstreamCall) {
  const LoopPlan plan = Plan({{"main", kPush}, {"ngx_event_connect_peer", kPush}});
  EXPECT_EQ(plan.kind, LoopKind::kNginx);
  ASSERT_EQ(plan.probes.size(), 1u);
  EXPECT_EQ(plan.probes[0].program, LoopProgram::kNginxPeer);
}

TEST(LoopPlan, LibuvNeedsEveryKindOfCallback) {
  const LoopPlan plan = Plan(Libuv());
  EXPECT_EQ(plan.kind, LoopKind::kLibuv);
  EXPECT_EQ(plan.probes.size(), 8u);
  EXPECT_EQ(std::count_if(plan.probes.begin(), plan.probes.end(),
                          [](const LoopProbe& probe) { return probe.program == LoopProgram::kStream; }),
            1);
}

TEST(LoopPlan, WithoutOneFunctionThereIsNoPlanAtAll) {
  for (std::size_t left_out = 0; left_out < Libuv().size(); ++left_out) {
    std::vector<MadeFunction> functions = Libuv();
    const std::string name = functions[left_out].name;
    functions.erase(functions.begin() + static_cast<std::ptrdiff_t>(left_out));
    const LoopPlan plan = Plan(functions);
    EXPECT_EQ(plan.kind, LoopKind::kNone) << name;
    EXPECT_TRUE(plan.probes.empty()) << name;
    EXPECT_EQ(plan.missing, name);
  }
}

TEST(LoopPlan, AFunctionThatOnlyADearProbeFitsIsMissing) {
  std::vector<MadeFunction> functions = Libuv();
  functions.back().code = "\x48\x83\xec\x18\xc3";  // sub $0x18,%rsp; ret
  EXPECT_EQ(Plan(functions).missing, "uv__run_check");
}

TEST(LoopPlan, OtherExecutablesHaveNone) {
  const LoopPlan plan = Plan({{"main", kPush}});
  EXPECT_EQ(plan.kind, LoopKind::kNone);
  EXPECT_EQ(plan.missing, "");
}

}  // namespace
}  // namespace clew::kernel
