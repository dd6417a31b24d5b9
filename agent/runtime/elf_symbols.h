// Functions and data of an executable or library by name. The file is hostile: bounds are checked, memory is bounded
// whatever the file's size.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/process/elf_file.h"

namespace clew::runtime {

struct Function {
  std::uint64_t offset = 0;  // of its first byte in the file
  std::uint64_t size = 0;    // bytes, 0: the symbol does not say
};

// Those of `names` that .symtab or .dynsym define, exactly once, inside of an executable segment. A
// name that stands for two addresses is left out.
std::map<std::string, Function, std::less<>> FindFunctions(
    const process::ReadAt& read_at, const std::vector<std::string_view>& names);

// The addresses, before it is loaded anywhere, of those of `names` that .symtab or .dynsym define as
// data, exactly once.
std::map<std::string, std::uint64_t, std::less<>> FindVariables(
    const process::ReadAt& read_at, const std::vector<std::string_view>& names);

}  // namespace clew::runtime
