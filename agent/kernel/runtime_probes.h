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

// Thread-safe.
class RuntimeProbes {
 public:
  using Clock = std::chrono::steady_clock;

  RuntimeProbes(Programs& programs, std::vector<runtime::Kind> wanted)
      : programs_(programs), wanted_(std::move(wanted)) {}

  // Puts probes into the process `tgid`, unless it has them; after an exec, or when its number is
  // another process's now, in place of the old ones. Returns the flag of ProcEntry that says so, 0:
  // none. Reads an executable at its first sight only.
  std::uint32_t Follow(std::uint32_t tgid);
  // As Follow for the child of a process that has probes; else does nothing and returns 0. Servers in
  // Python fork for each request, too: such a child is followed by FollowGrown, if it lives so long.
  std::uint32_t FollowChild(std::uint32_t tgid, std::uint32_t parent);
  // As Follow for the children that have lived for a while: their numbers and flags. Cheap when there
  // are none.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> FollowGrown(Clock::time_point now);
  void Forget(std::uint32_t tgid);

  std::vector<NamedCounter> Counters() const;

 private:
  // An executable: device, inode, size, time of change in seconds and nanoseconds.
  using File = std::tuple<dev_t, ino_t, off_t, time_t, long>;

  // A file whose code the process runs, or may load.
  struct Image {
    std::string path;
    runtime::Part part = runtime::Part::kExecutable;
    std::uint32_t minor = 0;  // kPythonModule: of version 3.minor
  };
  struct Followed {
    File file;  // its executable
    std::uint64_t start_ticks = 0;
    std::uint32_t flags = 0;
    std::vector<Programs::Link> links;
  };

  static std::optional<File> FileOf(const Fd& fd);
  static std::vector<Image> ImagesOf(const std::string& folder);
  const runtime::Plan& PlanOf(const File& file, runtime::Part part, const Fd& image) REQUIRES(mutex_);
  void AddProbes(std::uint32_t tgid, const Image& image, Followed& followed) REQUIRES(mutex_);
  Status Prepare(std::uint32_t tgid, const runtime::Plan& plan, const Image& image);

  Programs& programs_;
  const std::vector<runtime::Kind> wanted_;
  const process::ProcFs proc_;
  mutable Mutex mutex_;
  std::map<File, runtime::Plan> plans_ GUARDED_BY(mutex_);
  std::unordered_map<std::uint32_t, Followed> links_ GUARDED_BY(mutex_);
  std::unordered_map<std::uint32_t, Clock::time_point> young_ GUARDED_BY(mutex_);  // until when
  std::atomic<std::uint64_t> followed_{0};
  std::atomic<std::uint64_t> incomplete_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace clew::kernel
