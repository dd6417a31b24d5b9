// Where a shared object calls functions of others.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "agent/runtime/elf_image.h"

namespace clew::runtime {

// The file offsets of all calls and jumps from .text through a stub to one of the imported
// `functions`, ascending. A probe there is cheap, for the kernel emulates both, and sees all
// arguments. nullopt: the code cannot be decoded from its beginning to its end, so that it is not
// certain where its instructions begin.
std::optional<std::vector<std::uint64_t>> FindImportCalls(
    const ElfImage& image, std::span<const std::string_view> functions);

}  // namespace clew::runtime
