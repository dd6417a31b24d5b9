// HotSpot: which of its structures say what a thread works on (bpf/lib/java.bpf.h reads them).
#pragma once

#include <string>

#include "agent/process/elf_file.h"
#include "agent/runtime/java_layout.h"
#include "agent/runtime/plan.h"
#include "agent/runtime/vm_tables.h"
#include "base/result.h"

namespace clew::runtime {

// For the program `java`: it needs no probes, but is to be looked at when it runs. When it makes
// its first call it does.
Plan PlanJava(const process::ReadAt& executable);

// Where a machine has what is read. kUnsupported: it has it nowhere, or keeps its heap in a way
// that is not read, with the reason.
Result<JavaLayout> LayoutOfJava(const VmTables& tables);

// The same for the process whose folder is `proc`, such as /proc/17. Reads its memory. Linear in
// what the machine says of itself: some milliseconds.
Result<JavaLayout> ReadHotSpot(const std::string& proc);

}  // namespace clew::runtime
