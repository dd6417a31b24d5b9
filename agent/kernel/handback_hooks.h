// The hooks that see which thread waits for which: attached while there is a process in which pools
// work for requests.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "agent/kernel/programs.h"
#include "base/mutex.h"

namespace clew::kernel {

// Thread-safe.
class HandbackHooks {
 public:
  explicit HandbackHooks(Programs& programs) : programs_(programs) {}

  // The kernel side says that `tgid` is such a process. When the kernel refuses the hooks, that is
  // logged, and the calls of pools have no parents.
  void Follow(std::uint32_t tgid);
  // `tgid` is gone, or runs another program, of which the kernel side tells again.
  void Forget(std::uint32_t tgid);

 private:
  Programs& programs_;
  Mutex mutex_;
  std::unordered_set<std::uint32_t> followed_ GUARDED_BY(mutex_);
  std::vector<Programs::Link> links_ GUARDED_BY(mutex_);
};

}  // namespace clew::kernel
