#include "agent/kernel/fionread_watch.h"

#include <bpf/bpf.h>

#include <string>
#include <vector>

#include "agent/kernel/proc_entry.h"
#include "base/log.h"

namespace clew::kernel {

void FionreadWatch::Watch(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  if (!since_.emplace(tgid, Clock::now()).second || link_) return;
  auto link = programs_.AttachFionreadWatch();
  if (!link) {
    since_.erase(tgid);  // it stays under the rule
    LOG_WARN("cannot watch for FIONREAD", {"reason", link.error().message});
    return;
  }
  link_ = std::move(link).value();
}

void FionreadWatch::Forget(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  since_.erase(tgid);
  if (since_.empty()) link_.reset();
}

void FionreadWatch::Check(Clock::time_point now) {
  if (now < next_check_) return;
  next_check_ = now + std::chrono::seconds(1);
  std::vector<std::uint32_t> trusted;
  {
    MutexLock lock(mutex_);
    for (auto it = since_.begin(); it != since_.end();) {
      const auto [tgid, since] = *it;
      ProcEntry proc;
      const bool alive = bpf_map_lookup_elem(programs_.procs_fd(), &tgid, &proc) == 0;
      const bool asks = proc.flags & ProcEntry::kFionread;
      const bool trust = alive && !asks && proc.calls >= kCalls && now - since >= kLeast;
      if (trust) trusted.push_back(tgid);
      if (asks) LOG_INFO("process uses FIONREAD: injected on a connection's first request only", {"tgid", std::to_string(tgid)});
      it = !alive || asks || trust || now - since >= kMost ? since_.erase(it) : std::next(it);
    }
    if (since_.empty()) link_.reset();
  }
  for (const std::uint32_t tgid : trusted) trust_(tgid);
}

}  // namespace clew::kernel
