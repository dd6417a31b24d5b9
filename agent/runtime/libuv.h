// Executables that hold libuv, such as Node.js: every callback of its loop is seen to begin.
#pragma once

#include "agent/process/elf_file.h"
#include "agent/runtime/plan.h"

namespace clew::runtime {

Plan PlanLibuv(const process::ReadAt& executable);

}  // namespace clew::runtime
