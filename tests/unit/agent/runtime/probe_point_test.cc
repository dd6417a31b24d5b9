#include "agent/runtime/probe_point.h"

#include <gtest/gtest.h>

#include <vector>

namespace clew::runtime {
namespace {

std::optional<std::uint32_t> Point(const std::vector<std::uint8_t>& code) {
  return FindProbePoint(code);
}

TEST(ProbePoint, IsTheFirstInstructionWhenThatIsEmulated) {
  EXPECT_EQ(Point({0x55, 0xc3}), 0u);                          // push %rbp
  EXPECT_EQ(Point({0x41, 0x57, 0xc3}), 0u);                    // push %r15
  EXPECT_EQ(Point({0x90, 0xc3}), 0u);                          // nop
  EXPECT_EQ(Point({0xe8, 0, 0, 0, 0}), 0u);                    // call
  EXPECT_EQ(Point({0xe9, 0, 0, 0, 0}), 0u);                    // jmp
  EXPECT_EQ(Point({0x74, 0x05}), 0u);                          // je
  EXPECT_EQ(Point({0x0f, 0x85, 0, 0, 0, 0}), 0u);              // jne
}

TEST(ProbePoint, PassesByInstructionsThatAreSingleStepped) {
  EXPECT_EQ(Point({0xf3, 0x0f, 0x1e, 0xfa, 0x55}), 4u);              // endbr64; push %rbp
  EXPECT_EQ(Point({0x48, 0x83, 0xec, 0x18, 0x31, 0xc0, 0x75, 2}), 6u);  // sub, xor %eax, jne
}

TEST(ProbePoint, IsNoneBehindAWriteToAnArgument) {
  EXPECT_EQ(Point({0x89, 0xc7, 0x55}), std::nullopt);              // mov %eax,%edi
  EXPECT_EQ(Point({0x83, 0xe2, 0x0a, 0x55}), std::nullopt);        // and $0xa,%edx
  EXPECT_EQ(Point({0x40, 0x88, 0xc6, 0x55}), std::nullopt);        // mov %al,%sil
}

TEST(ProbePoint, IsNoneBehindTheFirstBlock) {
  EXPECT_EQ(Point({0xc3, 0x55}), std::nullopt);              // ret
  EXPECT_EQ(Point({0xff, 0xd0, 0x55}), std::nullopt);        // call *%rax: single-stepped
}

TEST(ProbePoint, TakesNoPrefixThatTheKernelDoesNotTake) {
  EXPECT_EQ(Point({0x66, 0x55, 0xc3}), std::nullopt);        // push %bp
  EXPECT_EQ(Point({0x48, 0x55, 0xc3}), std::nullopt);        // push %rbp with REX.W
}

TEST(ProbePoint, NothingAndWhatIsNoCodeHaveNone) {
  EXPECT_EQ(Point({}), std::nullopt);
  EXPECT_EQ(Point({0x06}), std::nullopt);
  EXPECT_EQ(Point({0x48}), std::nullopt);
}

}  // namespace
}  // namespace clew::runtime
