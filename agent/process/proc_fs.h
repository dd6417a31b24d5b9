// Reads what /proc says about processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/process/process_info.h"
#include "base/result.h"

namespace clew::process {

// Stateless; safe to use from several threads.
class ProcFs {
 public:
  // `root` is /proc, or a tree of the same shape in tests.
  explicit ProcFs(std::string root = "/proc") : root_(std::move(root)) {}

  // All processes, ascending.
  Result<std::vector<std::uint32_t>> Processes() const;

  // What tells a process apart and what selectors look at: all fields above the environment's in
  // ProcessInfo. kNotFound: it is gone. A kernel thread has an empty exe.
  Result<ProcessInfo> ReadIdentity(std::uint32_t tgid) const;
  // The rest, dearer: environment, package.json, the executable's headers. What cannot be read
  // stays empty.
  void ReadDetails(ProcessInfo& info) const;

  // Executable and start time alone: whether a process is still the one that was seen.
  std::string Executable(std::uint32_t tgid) const;
  Result<std::uint64_t> StartTicks(std::uint32_t tgid) const;

  // Where cgroup2 is mounted, found by its type: hybrid systems have it under "unified".
  std::optional<std::string> Cgroup2Mount() const;

  const std::string& root() const { return root_; }
  std::string PathOf(std::uint32_t tgid, const char* file) const;

 private:
  std::string root_;
};

// Fields of /proc/PID/stat. The command may hold any byte, ")" and spaces included: the last ")"
// ends it.
struct ProcStat {
  std::string comm;
  std::uint32_t parent = 0;
  std::uint64_t start_ticks = 0;
};
std::optional<ProcStat> ParseStat(std::string_view stat);

// The cgroup2 line ("0::/path") of /proc/PID/cgroup; empty when there is none.
std::string ParseCgroup2(std::string_view cgroup_file);

}  // namespace clew::process
