// Functions of a Go executable by name, from the table that Go's runtime needs for its own stack
// traces (.gopclntab): `strip` and -ldflags=-s leave it. The file is hostile: bounds are checked,
// memory and work are bounded whatever the file's size.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/process/elf_file.h"

namespace clew::runtime {

struct GoFunction {
  std::uint64_t entry = 0;  // bytes from the beginning of Go's code, wherever that is
  std::uint64_t size = 0;   // bytes to the next function
};

// Those of `names` that the table has: all of a name, which may stand for a function and for the
// wrapper that lets assembly call it. Empty: no executable of Go 1.18 or later.
// Source: pcHeader, functab and _func in Go's runtime/symtab.go and runtime/runtime2.go.
using GoFunctions = std::map<std::string, std::vector<GoFunction>, std::less<>>;
GoFunctions FindGoFunctions(const process::ReadAt& executable,
                            const std::vector<std::string_view>& names);

}  // namespace clew::runtime
