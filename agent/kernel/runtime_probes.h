// The probes in the runtimes of traced processes: attached to each of them by itself, all of a
// runtime's or none.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
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

// Probes that are hit whether or not a process makes calls wait until it makes one, and are taken
// away when it has made none for a while: a server that calls nobody pays nothing for them.
// Thread-safe.
class RuntimeProbes {
 public:
  using Clock = std::chrono::steady_clock;

  // A process that makes no call for `rest`, and at most twice as long, loses the probes that wait.
  RuntimeProbes(Programs& programs, std::vector<runtime::Kind> wanted, Clock::duration rest)
      : programs_(programs), wanted_(std::move(wanted)), rest_(rest) {}

  // Looks which runtime the process `tgid` has, and attaches the probes that do not wait, unless it
  // has them; after an exec, or when its number is another process's now, in place of the old ones.
  // Returns flags of ProcEntry. Reads an executable at its first sight only.
  std::uint32_t Follow(std::uint32_t tgid);
  // As Follow for the child of a process that is followed; else does nothing and returns 0. Servers in
  // Python fork for each request, too: such a child is followed by FollowGrown, if it lives so long.
  std::uint32_t FollowChild(std::uint32_t tgid, std::uint32_t parent);
  // As Follow for the children that have lived for a while: their numbers and flags. Cheap when there
  // are none.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> FollowGrown(Clock::time_point now);
  // The process makes a call: attaches the probes that have waited for it, and tells the kernel side.
  void Wake(std::uint32_t tgid);
  void Forget(std::uint32_t tgid);
  // Takes probes away from those that make no calls. Looks once in `rest`.
  void Check(Clock::time_point now);

  std::vector<NamedCounter> Counters() const;

 private:
  // An executable: device, inode, size, time of change in seconds and nanoseconds.
  using File = std::tuple<dev_t, ino_t, off_t, time_t, long>;
  // A file whose code the process runs, or may load.
  struct Image {
    std::string path;
    runtime::Part part = runtime::Part::kExecutable;
    std::uint32_t minor = 0;  // kPythonModule: of version 3.minor
    runtime::Plan plan;
  };
  struct Followed {
    File file;                      // its executable
    std::uint64_t start_ticks = 0;  // of the process
    std::vector<Image> images;      // with a plan; at least one
    std::uint8_t wakes = 0;  // how often its probes were attached, modulo 256
    bool awake = false;      // they are
    std::vector<Programs::Link> links;

    bool Waits() const;
    std::uint32_t Flags() const;
  };

  static std::optional<File> FileOf(const Fd& fd);
  static std::vector<Image> ImagesOf(std::uint32_t tgid);
  const runtime::Plan& PlanOf(const File& file, runtime::Part part, const Fd& fd) REQUIRES(mutex_);
  // Its plan, when all of it can be followed in this process.
  bool Plan(std::uint32_t tgid, Image& image) REQUIRES(mutex_);
  Status Prepare(std::uint32_t tgid, const Image& image);
  bool Attach(std::uint32_t tgid, Followed& process) REQUIRES(mutex_);

  Programs& programs_;
  const std::vector<runtime::Kind> wanted_;
  const Clock::duration rest_;
  const process::ProcFs proc_;
  mutable Mutex mutex_;
  std::map<std::pair<File, runtime::Part>, runtime::Plan> plans_ GUARDED_BY(mutex_);
  std::unordered_map<std::uint32_t, Followed> followed_ GUARDED_BY(mutex_);
  std::unordered_map<std::uint32_t, Clock::time_point> young_ GUARDED_BY(mutex_);  // until when
  Clock::time_point next_check_ GUARDED_BY(mutex_){};
  std::atomic<std::uint64_t> probed_{0};
  std::atomic<std::uint64_t> rested_{0};
  std::atomic<std::uint64_t> incomplete_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace clew::kernel
