// CPython's thread pools (concurrent.futures.ThreadPoolExecutor), by the queue from which their
// workers get what is to be done: the extension module _queue. Versions 3.9 to 3.13.
#pragma once

#include "agent/process/elf_file.h"
#include "agent/runtime/plan.h"

namespace clew::runtime {

Plan PlanExecutor(const process::ReadAt& module);

}  // namespace clew::runtime
