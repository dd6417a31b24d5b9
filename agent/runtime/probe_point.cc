#include "agent/runtime/probe_point.h"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <array>

namespace clew::runtime {
namespace {

// As the kernel reads the bytes: with no prefix but REX.B before a push, it takes these and no
// others.
bool IsEmulated(std::span<const std::uint8_t> instruction) {
  const std::uint8_t first = instruction[0];
  if (instruction.size() == 1) return (first >= 0x50 && first <= 0x57) || first == 0x90;
  const std::uint8_t second = instruction[1];
  if (instruction.size() == 2 && first == 0x41) return second >= 0x50 && second <= 0x57;
  if (first == 0x0f) return second >= 0x80 && second <= 0x8f;
  return first == 0xe8 || first == 0xe9 || first == 0xeb || (first >= 0x70 && first <= 0x7f);
}

// System V ABI, 3.2.3; Go's cmd/compile/abi-internal.md, "amd64 architecture".
constexpr std::array kArguments = {ZYDIS_REGISTER_RDI, ZYDIS_REGISTER_RSI, ZYDIS_REGISTER_RDX,
                                   ZYDIS_REGISTER_RCX, ZYDIS_REGISTER_R8,  ZYDIS_REGISTER_R9};
// r14: the goroutine, rdx: the closure.
constexpr std::array kGoArguments = {
    ZYDIS_REGISTER_RAX, ZYDIS_REGISTER_RBX, ZYDIS_REGISTER_RCX, ZYDIS_REGISTER_RDI,
    ZYDIS_REGISTER_RSI, ZYDIS_REGISTER_R8,  ZYDIS_REGISTER_R9,  ZYDIS_REGISTER_R10,
    ZYDIS_REGISTER_R11, ZYDIS_REGISTER_R14, ZYDIS_REGISTER_RDX};
constexpr std::array kStackPointer = {ZYDIS_REGISTER_RSP};

std::span<const ZydisRegister> ArgumentsOf(Convention convention) {
  if (convention == Convention::kGo) return kGoArguments;
  return kArguments;
}

bool WritesOneOf(std::span<const ZydisRegister> registers,
                 const ZydisDecodedInstruction& instruction,
                 std::span<const ZydisDecodedOperand> operands) {
  for (const ZydisDecodedOperand& operand : operands) {
    if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER ||
        (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == 0)
      continue;
    const auto whole =
        ZydisRegisterGetLargestEnclosing(instruction.machine_mode, operand.reg.value);
    if (std::find(registers.begin(), registers.end(), whole) != registers.end()) return true;
  }
  return false;
}

// The first emulated instruction before which none of `registers` is written and no branch is taken.
std::optional<std::uint32_t> FindPoint(std::span<const std::uint8_t> code,
                                       std::span<const ZydisRegister> registers) {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  std::uint32_t at = 0;
  while (at < code.size()) {
    ZydisDecodedInstruction instruction;
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
    if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, code.data() + at, code.size() - at,
                                           &instruction, operands.data()))) {
      return std::nullopt;
    }
    if (IsEmulated(code.subspan(at, instruction.length))) return at;
    if (instruction.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE ||
        WritesOneOf(registers, instruction,
                    std::span(operands).first(instruction.operand_count))) {
      return std::nullopt;
    }
    at += instruction.length;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> FindProbePoint(std::span<const std::uint8_t> code,
                                            Convention convention) {
  return FindPoint(code, ArgumentsOf(convention));
}

std::optional<std::uint32_t> FindReturnPoint(std::span<const std::uint8_t> code) {
  return FindPoint(code, kStackPointer);
}

bool BeginsInstruction(std::span<const std::uint8_t> code, std::size_t offset) {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  std::size_t at = 0;
  while (at < offset) {
    ZydisDecodedInstruction instruction;
    if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder, nullptr, code.data() + at,
                                                  code.size() - at, &instruction))) {
      return false;
    }
    at += instruction.length;
  }
  return at == offset;
}

}  // namespace clew::runtime
