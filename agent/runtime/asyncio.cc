#include "agent/runtime/asyncio.h"

#include <Zydis/Zydis.h>

#include <array>
#include <optional>
#include <string_view>

#include "agent/runtime/elf_image.h"
#include "agent/runtime/import_calls.h"
#include "agent/runtime/probe_point.h"
#include "agent/runtime/python_types.h"

namespace clew::runtime {
namespace {

constexpr std::string_view kTask = "_asyncio.Task";
constexpr std::string_view kFuture = "_asyncio.Future";

// How a task becomes the current one: it is put into the dictionary of current tasks, by (dict, loop,
// task, ...). The module puts nothing else into any dictionary by these.
constexpr std::array<std::string_view, 3> kEnter = {
    "_PyDict_SetItem_KnownHash",             // to 3.12
    "_PyDict_SetItem_KnownHash_LockHeld",    // 3.13, eager tasks
    "PyDict_SetDefaultRef",                  // 3.13
};
constexpr std::size_t kMaxEnters = 16;  // places; 4 to 6 in all builds that were looked at

std::optional<Probe> AtBeginning(const ElfImage& module, std::string_view program,
                                 std::optional<std::uint64_t> function) {
  if (!function) return std::nullopt;
  const auto point = FindProbePoint(module.CodeAt(*function, kProbeCodeBytes));
  if (!point) return std::nullopt;
  const auto offset = module.CodeOffset(*function + *point);
  if (!offset) return std::nullopt;
  return Probe{.program = program, .offset = *offset};
}

// Where an object has the field that this getter returns: its first instruction loads it from the
// object, the first argument.
std::optional<std::uint32_t> FieldOf(const ElfImage& module, std::optional<std::uint64_t> getter) {
  constexpr std::int64_t kMostBytes = 1024;
  constexpr std::int64_t kObjectHead = 16;
  if (!getter) return std::nullopt;
  auto code = module.CodeAt(*getter, kProbeCodeBytes);
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  ZydisDecodedInstruction instruction;
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
  const auto decode = [&] {
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code.data(), code.size(), &instruction,
                                               operands.data()));
  };
  if (!decode()) return std::nullopt;
  if (instruction.mnemonic == ZYDIS_MNEMONIC_ENDBR64) {
    code = code.subspan(instruction.length);
    if (!decode()) return std::nullopt;
  }
  if (instruction.mnemonic != ZYDIS_MNEMONIC_MOV || instruction.operand_width != 64)
    return std::nullopt;
  const ZydisDecodedOperand& from = operands[1];
  if (from.type != ZYDIS_OPERAND_TYPE_MEMORY || from.mem.base != ZYDIS_REGISTER_RDI ||
      from.mem.index != ZYDIS_REGISTER_NONE || from.mem.disp.value < kObjectHead ||
      from.mem.disp.value > kMostBytes) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(from.mem.disp.value);
}

}  // namespace

Plan PlanAsyncio(const process::ReadAt& file) {
  const auto module = ElfImage::Read(file);
  if (!module || module->PointersTo(kTask).empty()) return {};
  Plan plan{.kind = Kind::kAsyncio};
  const auto enters = FindImportCalls(*module, kEnter);
  if (!enters || enters->empty() || enters->size() > kMaxEnters)
    return {.missing = "asyncio: where tasks are entered"};
  for (const std::uint64_t offset : *enters)
    plan.probes.push_back({.program = "asyncio_entered", .offset = offset});
  const auto made = AtBeginning(*module, "asyncio_made", FindInit(*module, kTask));
  if (!made) return {.missing = "asyncio: where tasks are made"};
  const auto set =
      AtBeginning(*module, "asyncio_set", FindMethod(*module, kFuture, "set_result"));
  if (!set) return {.missing = "asyncio: where futures get their results"};
  plan.probes.push_back(*made);
  plan.probes.push_back(*set);
  const auto waits_for = FieldOf(*module, FindGetter(*module, kTask, "_fut_waiter"));
  if (!waits_for) return {.missing = "asyncio: what a task waits for"};
  plan.waits_for = *waits_for;
  return plan;
}

}  // namespace clew::runtime
