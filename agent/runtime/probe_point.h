// Where a uprobe may be put at the beginning of a function, so that it is cheap and sees the
// arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace clew::runtime {

// Whose functions: which registers hold arguments.
enum class Convention : std::uint8_t { kC, kGo };

// The offset of the first instruction of `code` (x86-64) that the kernel emulates (push, nop, call,
// jmp, jcc: under 1 us a hit; it single-steps all others, 11 to 14 us), before which no register
// that holds an argument is written and no branch is taken. nullopt: there is none in the first
// block. Source: arch/x86/kernel/uprobes.c, push_setup_ops and branch_setup_ops.
std::optional<std::uint32_t> FindProbePoint(std::span<const std::uint8_t> code,
                                            Convention convention = Convention::kC);

// Whether an instruction begins at `offset` of `code`, in which instructions follow each other from
// its first byte on.
bool BeginsInstruction(std::span<const std::uint8_t> code, std::size_t offset);

// As FindProbePoint, for a probe of the function's return: the stack pointer must not be written
// before, so that the return address is where the kernel looks for it; arguments may.
std::optional<std::uint32_t> FindReturnPoint(std::span<const std::uint8_t> code);

// How many bytes of a function these may want to see.
inline constexpr std::size_t kProbeCodeBytes = 64;

}  // namespace clew::runtime
