// The headers of ELF files, from sources that may hold anything: everything is bounded, and what
// does not fit together is not there.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace clew::process {

// Copies `size` bytes at `offset` of the file into `out`; false when they are not all there.
using ReadAt = std::function<bool(std::uint64_t offset, void* out, std::size_t size)>;
// The bytes, or the descriptor, must outlive the result.
ReadAt ReadFrom(std::string_view bytes);
ReadAt ReadFrom(const Fd& fd);

// Opens a regular file for reading; invalid when it is none.
Fd OpenRegular(const char* path);

// The section headers of a 64-bit little-endian file; empty when it is not one or has none.
struct ElfSections {
  std::vector<Elf64_Shdr> headers;
  std::uint16_t names = 0;  // index of the section that holds their names
};
ElfSections ReadSections(const ReadAt& read_at);
// The first of them with this name; nullopt: none, or the names cannot be read.
std::optional<Elf64_Shdr> FindSection(const ReadAt& read_at, std::string_view name);

// Its segments, under the same conditions.
std::vector<Elf64_Phdr> ReadSegments(const ReadAt& read_at);

}  // namespace clew::process
