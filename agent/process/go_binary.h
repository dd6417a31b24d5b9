// Tells executables that the Go linker made.
#pragma once

#include <string_view>

namespace clew::process {

// True when `elf`, the beginning of a 64-bit little-endian ELF file or all of it, has a section
// ".go.buildinfo", which the Go linker writes into every executable and `strip` keeps. Needs the
// section headers, which lie at the end: see IsGoBinary. False for everything else; any input is
// safe.
bool HasGoBuildInfo(std::string_view elf);

// The same for the file at `path`, of which only the headers are read. False when it cannot be
// read.
bool IsGoBinary(const char* path);

}  // namespace clew::process
