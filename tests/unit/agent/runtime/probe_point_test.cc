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

TEST(ProbePoint, GoHasItsArgumentsElsewhere) {
  const std::vector<std::uint8_t> clears_rax = {0x31, 0xc0, 0x55};       // xor %eax,%eax; push %rbp
  EXPECT_EQ(FindProbePoint(clears_rax), 2u);
  EXPECT_EQ(FindProbePoint(clears_rax, Convention::kGo), std::nullopt);
  const std::vector<std::uint8_t> large_frame = {0x4c, 0x8d, 0x64, 0x24, 0x80, 0x4d, 0x3b, 0x66, 0x10, 0x76, 9};
  EXPECT_EQ(FindProbePoint(large_frame, Convention::kGo), 9u);           // lea -0x80(%rsp),%r12; cmp; jbe
}

TEST(ProbePoint, InstructionsBeginWhereTheLastOneEnds) {
  const std::vector<std::uint8_t> code = {0x90, 0xb8, 0xe8, 0, 0, 0, 0xc3};  // nop; mov $0xe8,%eax; ret
  for (const std::size_t begins : {0u, 1u, 6u}) EXPECT_TRUE(BeginsInstruction(code, begins)) << begins;
  for (const std::size_t inside : {2u, 3u, 5u}) EXPECT_FALSE(BeginsInstruction(code, inside)) << inside;
  EXPECT_FALSE(BeginsInstruction(code, 100));
}

TEST(ProbePoint, NothingAndWhatIsNoCodeHaveNone) {
  EXPECT_EQ(Point({}), std::nullopt);
  EXPECT_EQ(Point({0x06}), std::nullopt);
  EXPECT_EQ(Point({0x48}), std::nullopt);
}

}  // namespace
}  // namespace clew::runtime
