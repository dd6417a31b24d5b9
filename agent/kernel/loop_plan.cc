#include "agent/kernel/loop_plan.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "agent/kernel/elf_symbols.h"
#include "agent/kernel/probe_point.h"

namespace clew::kernel {
namespace {

struct Wanted {
  LoopKind kind;
  LoopProgram program;
  std::string_view function;
};

// libuv: every function that it calls for a ready descriptor (those that uv__io_init is given, src/unix), and the check phase, which
// comes behind them in each turn; nothing reads between that and the next ready descriptor, so timers, closing, idle and prepare
// callbacks need no probe of their own. With io_uring, completions pass unseen: the kernel side switches such a process off.
constexpr std::array kWanted = {
    Wanted{LoopKind::kNginx, LoopProgram::kNginxPeer, "ngx_event_connect_peer"},
    Wanted{LoopKind::kLibuv, LoopProgram::kStream, "uv__stream_io"},
    Wanted{LoopKind::kLibuv, LoopProgram::kTurn, "uv__server_io"},
    Wanted{LoopKind::kLibuv, LoopProgram::kTurn, "uv__async_io"},
    Wanted{LoopKind::kLibuv, LoopProgram::kTurn, "uv__signal_event"},
    Wanted{LoopKind::kLibuv, LoopProgram::kTurn, "uv__udp_io"},
    Wanted{LoopKind::kLibuv, LoopProgram::kTurn, "uv__poll_io"},
    Wanted{LoopKind::kLibuv, LoopProgram::kTurn, "uv__inotify_read"},
    Wanted{LoopKind::kLibuv, LoopProgram::kTurn, "uv__run_check"},
};

// Adds the probe of `function`; false when there is no place for it.
bool AddProbe(const process::ReadAt& executable, const Function& function, LoopProgram program,
              LoopPlan& plan) {
  if (function.size == 0) return false;
  std::array<std::uint8_t, kProbeCodeBytes> code{};
  const std::size_t size = std::min<std::uint64_t>(function.size, code.size());
  if (!executable(function.offset, code.data(), size)) return false;
  const auto point = FindProbePoint(std::span(code).first(size));
  if (!point) return false;
  plan.probes.push_back({program, function.offset + *point});
  return true;
}

}  // namespace

LoopPlan PlanLoopProbes(const process::ReadAt& executable) {
  std::vector<std::string_view> names;
  for (const Wanted& wanted : kWanted) names.push_back(wanted.function);
  const auto functions = FindFunctions(executable, names);
  LoopPlan plan;
  if (functions.empty()) return plan;
  const std::string_view first = functions.begin()->first;
  plan.kind = first == kWanted[0].function ? LoopKind::kNginx : LoopKind::kLibuv;
  for (const Wanted& wanted : kWanted) {
    if (wanted.kind != plan.kind) continue;
    const auto found = functions.find(wanted.function);
    if (found != functions.end() && AddProbe(executable, found->second, wanted.program, plan))
      continue;
    return {.missing = std::string(wanted.function)};
  }
  return plan;
}

}  // namespace clew::kernel
