// The shared libraries that an executable asks for. The file is hostile: bounds are checked.
#pragma once

#include <string_view>

#include "agent/process/elf_file.h"

namespace clew::runtime {

// Whether it is linked with a library whose file name begins with `prefix`, such as "libuv.so".
bool NeedsLibrary(const process::ReadAt& executable, std::string_view prefix);

}  // namespace clew::runtime
