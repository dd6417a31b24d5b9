#include "agent/runtime/import_calls.h"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <cstring>

namespace clew::runtime {
namespace {

constexpr std::size_t kMaxText = 4 << 20;  // bytes; a second of decoding would be too long

// Opcodes with a 32-bit distance and no prefix.
constexpr std::uint8_t kCall = 0xe8;
constexpr std::uint8_t kJump = 0xe9;
constexpr std::size_t kLength = 5;

}  // namespace

std::optional<std::vector<std::uint64_t>> FindImportCalls(
    const ElfImage& image, std::span<const std::string_view> functions) {
  const ElfImage::Text text = image.MainCode();
  if (text.code.size() > kMaxText) return std::nullopt;
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  std::vector<std::uint64_t> found;
  for (std::size_t at = 0; at < text.code.size();) {
    const auto rest = text.code.subspan(at);
    ZydisDecodedInstruction instruction;
    if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder, nullptr, rest.data(), rest.size(),
                                                  &instruction))) {
      return std::nullopt;
    }
    const std::uint64_t next = text.address + at + instruction.length;
    if (instruction.length == kLength && (rest[0] == kCall || rest[0] == kJump)) {
      std::int32_t distance;
      std::memcpy(&distance, rest.data() + 1, sizeof(distance));
      const auto name = image.ImportAt(next + static_cast<std::uint64_t>(std::int64_t{distance}));
      const auto offset = image.CodeOffset(text.address + at);
      if (offset && std::find(functions.begin(), functions.end(), name) != functions.end())
        found.push_back(*offset);
    }
    at += instruction.length;
  }
  return found;
}

}  // namespace clew::runtime
