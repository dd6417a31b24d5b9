#include "agent/capabilities.h"

#include <gtest/gtest.h>

namespace clew::agent {
namespace {

TEST(Capabilities, TheMissingOnesAreNamed) {
  EXPECT_EQ(MissingCapabilities("Name:\tx\nCapEff:\t000001ffffffffff\n"), "");
  EXPECT_EQ(MissingCapabilities("CapEff:\t0000000000000000\n"),
            "CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH");
  EXPECT_EQ(MissingCapabilities(""), MissingCapabilities("CapEff:\t0000000000000000\n"));
}

TEST(Capabilities, SysAdminStandsForBpfAndPerfmon) {
  EXPECT_EQ(MissingCapabilities("CapEff:\t0000000000200000\n"),
            "CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH");
}

TEST(Capabilities, AnExplanationKeepsTheMessage) {
  EXPECT_EQ(ExplainDenied("load program: Operation not permitted")
                .find("load program: Operation not permitted; "),
            0u);
}

}  // namespace
}  // namespace clew::agent
