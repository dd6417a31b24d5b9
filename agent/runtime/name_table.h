// Tables of names that end with a zero byte, as executables have them. They are hostile: memory is
// bounded whatever their size.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/process/elf_file.h"

namespace clew::runtime {

// Offsets in the table of `size` bytes at `offset` of the file at which a name begins that is one
// of `names`: its index. A linker may let a name begin inside of a longer one, so the ends are
// compared. Empty when the table cannot be read, or has more such places than an honest one.
std::unordered_map<std::uint64_t, std::size_t> FindNames(
    const process::ReadAt& read_at, std::uint64_t offset, std::uint64_t size,
    const std::vector<std::string_view>& names);

}  // namespace clew::runtime
