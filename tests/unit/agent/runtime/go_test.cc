#include "agent/runtime/go.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/agent/runtime/made_go.h"

namespace clew::runtime {
namespace {

// cmp 16(%r14),%rsp; jbe ...; push %rbp: how functions begin.
const std::string kBegin = std::string("\x49\x3b\x66\x10\x76\x02\x55\xc3", 8);
const std::string kCall = std::string("\x90\x90\xe8\0\0\0\0\xc3", 8);  // nop; nop; call

MadeGo Service() {
  return {.functions = {
              {"runtime.mcall", "\xc3"},
              {"runtime.goexit1", kCall, "runtime.goexit1", 2},  // the wrapper
              {"runtime.goexit1", kCall, "runtime.mcall", 2},
              {"runtime.runqput", "\xc3"},
              {"runtime.newproc.func1", kCall, "runtime.runqput", 2},
              {"net/http.(*persistConn).roundTrip", kBegin},
              {"net/http.persistConnWriter.Write", kBegin},
          }};
}

Plan PlanOf(const MadeGo& made) {
  const std::string elf = MakeGoElf(made);
  return PlanGo(process::ReadFrom(elf));
}

void ExpectService(const Plan& plan, std::uint64_t text) {
  EXPECT_EQ(plan.kind, Kind::kGo) << plan.missing;
  ASSERT_EQ(plan.probes.size(), 3u);
  EXPECT_EQ(plan.probes[0].program, "go_started");
  EXPECT_EQ(plan.probes[0].offset, text + 4 * 16 + 2);
  EXPECT_EQ(plan.probes[1].program, "go_round_trip");
  EXPECT_EQ(plan.probes[1].offset, text + 5 * 16 + 4);
  EXPECT_EQ(plan.probes[2].program, "go_write");
  EXPECT_EQ(plan.probes[2].offset, text + 6 * 16 + 4);
  const std::uint64_t exit =
      plan.probes[0].offset +
      static_cast<std::uint64_t>(static_cast<std::int64_t>(plan.probes[0].cookie) >> 32);
  EXPECT_EQ(exit, text + 2 * 16) << "goexit1, not its wrapper";
  EXPECT_EQ(plan.probes[0].cookie & 0xffffffff, 16u);
}

TEST(GoPlan, ProbesGoroutinesAndThePooledClient) { ExpectService(PlanOf(Service()), kMadeGoText); }

TEST(GoPlan, CodeBeforeGosShiftsEverything) {
  MadeGo made = Service();
  made.before = 4096 + 16;
  ExpectService(PlanOf(made), kMadeGoText + made.before);
}

TEST(GoPlan, ACallIsAnInstructionNotAnOperandThatLooksLikeOne) {
  MadeGo made = Service();
  // movabs $..., %rax, in which lies what would be the call.
  made.functions[4].code = std::string("\x48\xb8\xe8\0\0\0\0\x90\x90\x90\xc3", 11);
  EXPECT_EQ(PlanOf(made).missing, "runtime.runqput");
}

TEST(GoPlan, WithoutTheClientThereIsNothingToFollow) {
  MadeGo made = Service();
  made.functions.erase(made.functions.begin() + 5);
  const Plan plan = PlanOf(made);
  EXPECT_FALSE(plan.kind);
  EXPECT_EQ(plan.missing, "");
}

TEST(GoPlan, WithoutAnyOtherFunctionThereIsNoPlanAtAll) {
  for (const std::size_t left_out : {0u, 2u, 3u, 4u, 6u}) {
    MadeGo made = Service();
    made.functions.erase(made.functions.begin() + static_cast<std::ptrdiff_t>(left_out));
    const Plan plan = PlanOf(made);
    EXPECT_FALSE(plan.kind) << left_out;
    EXPECT_TRUE(plan.probes.empty()) << left_out;
    EXPECT_NE(plan.missing, "") << left_out;
  }
}

TEST(GoPlan, TwoFunctionsOfAProbedNameAreOneTooMany) {
  MadeGo made = Service();
  made.functions.push_back({"net/http.persistConnWriter.Write", kBegin});
  EXPECT_EQ(PlanOf(made).missing, "net/http.persistConnWriter.Write");
}

TEST(GoPlan, AFunctionThatOnlyADearProbeFitsIsMissing) {
  MadeGo made = Service();
  made.functions[6].code =
      std::string("\x31\xc0\x55\xc3", 4);  // xor %eax,%eax: an argument is gone
  EXPECT_EQ(PlanOf(made).missing, "net/http.persistConnWriter.Write");
}

}  // namespace
}  // namespace clew::runtime
