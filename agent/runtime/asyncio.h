// CPython's asyncio, by its extension module _asyncio: which task a thread is in, who has made it, and
// what wakes it. Versions 3.9 to 3.13, stripped or not, where the module is a file of its own.
#pragma once

#include "agent/process/elf_file.h"
#include "agent/runtime/plan.h"

namespace clew::runtime {

Plan PlanAsyncio(const process::ReadAt& module);

}  // namespace clew::runtime
