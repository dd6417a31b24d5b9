// Go: goroutines serve requests, and net/http's pooled client says for whom it writes.
#pragma once

#include "agent/process/elf_file.h"
#include "agent/runtime/plan.h"

namespace clew::runtime {

// For executables of Go 1.18 and later, stripped ones too, with net/http's client in them.
Plan PlanGo(const process::ReadAt& executable);

}  // namespace clew::runtime
