// The probes in the runtimes of traced processes: attached to each of them by itself, all of a
// runtime's or none.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/kernel/programs.h"
#include "agent/process/proc_fs.h"
#include "agent/runtime/plan.h"
#include "base/counter.h"
#include "base/mutex.h"

namespace clew::kernel {

// Thread-safe.
class RuntimeProbes {
 public:
  RuntimeProbes(Programs& programs, std::vector<runtime::Kind> wanted)
      : programs_(programs), wanted_(std::move(wanted)) {}

  // Puts probes into the process `tgid`, unless it has them; after an exec, or when its number is
  // another process's now, in place of the old ones. Returns the flag of ProcEntry that says so, 0:
  // none. Reads an executable at its first sight only.
  std::uint32_t Follow(std::uint32_t tgid);
  // As Follow for the child of a process that has probes; else does nothing and returns 0.
  std::uint32_t FollowChild(std::uint32_t tgid, std::uint32_t parent);
  void Forget(std::uint32_t tgid);

  std::vector<NamedCounter> Counters() const;

 private:
  // An executable: device, inode, size, time of change in seconds and nanoseconds.
  using File = std::tuple<dev_t, ino_t, off_t, time_t, long>;

  const runtime::Plan& PlanOf(const File& file, const Fd& executable) REQUIRES(mutex_);

  Programs& programs_;
  const std::vector<runtime::Kind> wanted_;
  const process::ProcFs proc_;
  mutable Mutex mutex_;
  std::map<File, runtime::Plan> plans_ GUARDED_BY(mutex_);
  struct Followed {
    File file;
    std::uint64_t start_ticks = 0;  // of the process
    std::vector<Programs::Link> links;
  };
  std::unordered_map<std::uint32_t, Followed> links_ GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> followed_{0};
  std::atomic<std::uint64_t> incomplete_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace clew::kernel
