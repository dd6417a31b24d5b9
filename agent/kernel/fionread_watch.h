// Processes of which nobody knows whether they ask ioctl(FIONREAD) on their sockets. On kernels that answer 0 for a socket
// under injection they live by the leave-on-acknowledge rule until they have been seen at work without asking.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <unordered_map>

#include "agent/kernel/programs.h"
#include "base/mutex.h"

namespace clew::kernel {

// The hook costs every system call of the node a few nanoseconds, so it is attached while somebody is watched only, and
// nobody is watched for long.
class FionreadWatch {
 public:
  using Clock = std::chrono::steady_clock;
  // A process is trusted after this many socket calls without asking, over at least this time.
  static constexpr std::uint32_t kCalls = 500;
  static constexpr std::chrono::seconds kLeast{3};
  // Who has not shown that much by then stays under the rule, unwatched.
  static constexpr std::chrono::seconds kMost{60};

  // `trust` is called, on the thread that calls Check, for a process that does not ask.
  FionreadWatch(Programs& programs, std::function<void(std::uint32_t tgid)> trust)
      : programs_(programs), trust_(std::move(trust)) {}

  // Any thread.
  void Watch(std::uint32_t tgid);
  void Forget(std::uint32_t tgid);
  // Judges those whose time has come. Cheap when nobody is watched; looks at most once a second.
  void Check(Clock::time_point now);

 private:
  Programs& programs_;
  const std::function<void(std::uint32_t)> trust_;
  Mutex mutex_;
  std::unordered_map<std::uint32_t, Clock::time_point> since_ GUARDED_BY(mutex_);
  Programs::Link link_ GUARDED_BY(mutex_);
  Clock::time_point next_check_{};
};

}  // namespace clew::kernel
