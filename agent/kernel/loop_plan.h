// Which probes tell for whom the event loops of an executable work.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/process/elf_file.h"

namespace clew::kernel {

enum class LoopKind : std::uint8_t { kNone, kNginx, kLibuv };

// The BPF program that a probe runs; see bpf/loop.bpf.c.
enum class LoopProgram : std::uint8_t { kTurn, kStream, kNginxPeer };

struct LoopProbe {
  LoopProgram program;
  std::uint64_t offset;  // in the executable's file
};

struct LoopPlan {
  LoopKind kind = LoopKind::kNone;  // kNone: no loop that is known, or not all of its probes can be had
  std::vector<LoopProbe> probes;
  std::string missing;  // a loop that is known, but this function cannot be probed; empty: none
};

// Only a complete set of probes is a plan: work that begins unseen would be taken for the work before.
LoopPlan PlanLoopProbes(const process::ReadAt& executable);

}  // namespace clew::kernel
