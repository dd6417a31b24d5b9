// Which probes tell for whom the threads of an executable work.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/process/elf_file.h"

namespace clew::runtime {

// kHandback: threads of any process, see them wait for each other (docs/causality.md, "Pools").
enum class Kind : std::uint8_t { kNginx, kLibuv, kGo, kAsyncio, kExecutor, kJava, kHandback };

struct Probe {
  std::string_view program;  // name of a BPF program, in bpf/runtime_*.bpf.c
  std::uint64_t offset = 0;  // in the file
  bool at_return = false;    // of the function that begins there, with its result
  std::uint64_t cookie = 0;  // what the program is told, as it says
};

// All probes of one runtime, or none (kJava needs none): work that begins unseen would be taken for
// the work before.
struct Plan {
  std::optional<Kind> kind;  // none: no runtime that is known, or not all of its probes can be had
  std::vector<Probe> probes;
  bool waits = false;   // they are hit whether or not the process makes calls: until it makes one
  std::string missing;  // what a runtime that was recognised lacks; empty: nothing
  std::uint32_t waits_for = 0;  // kAsyncio: where a task has the future that it waits for
};

// What a plan is made for. kJavaProgram: an executable called java. kNothing: there are no probes,
// the kernel side finds such processes itself.
enum class Part : std::uint8_t { kExecutable, kPythonModule, kJavaProgram, kNothing };

// A runtime that is known. To add one: its plan in a file of its own, a line in kRuntimes, its
// programs and what they say in bpf/lib/runtime.bpf.h.
struct Runtime {
  Kind kind;
  std::string_view name;  // in the configuration
  Part part;
  // The probes for a file. Without kind and missing: it is none of this runtime's.
  Plan (*plan)(const process::ReadAt& file);
};
std::span<const Runtime> Runtimes();

// The plan of the first of `wanted` whose `part` this file is.
Plan PlanProbes(const process::ReadAt& file, Part part, std::span<const Kind> wanted);

}  // namespace clew::runtime
