#include "agent/runtime/libuv.h"

#include <array>

#include "agent/runtime/elf_needed.h"
#include "agent/runtime/named_probes.h"

namespace clew::runtime {

// Every function that libuv calls for a ready descriptor (those that uv__io_init is given, src/unix),
// and the check phase, which comes behind them in each turn; nothing reads between that and the next
// ready descriptor, so timers, closing, idle and prepare callbacks need no probe of their own. With
// io_uring, completions pass unseen: the kernel side switches such a process off. A distribution's
// shared libuv has no symbols but those of its interface.
Plan PlanLibuv(const process::ReadAt& executable) {
  static constexpr std::array kProbes = {
      NamedProbe{"uv__stream_io", "libuv_stream"},  NamedProbe{"uv__server_io", "libuv_callback"},
      NamedProbe{"uv__async_io", "libuv_callback"}, NamedProbe{"uv__signal_event", "libuv_callback"},
      NamedProbe{"uv__udp_io", "libuv_callback"},   NamedProbe{"uv__poll_io", "libuv_callback"},
      NamedProbe{"uv__inotify_read", "libuv_callback"},
      NamedProbe{"uv__run_check", "libuv_callback"},
  };
  Plan plan = PlanByName(executable, Kind::kLibuv, kProbes);
  plan.waits = true;
  const bool shared = NeedsLibrary(executable, "libuv.so") || NeedsLibrary(executable, "libnode.so");
  if (!plan.kind && plan.missing.empty() && shared) plan.missing = "libuv in the executable itself";
  return plan;
}

}  // namespace clew::runtime
