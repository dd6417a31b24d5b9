#include "agent/kernel/handback_hooks.h"

#include <utility>

#include "base/log.h"

namespace clew::kernel {

void HandbackHooks::Follow(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  if (!followed_.insert(tgid).second || !links_.empty()) return;
  auto links = programs_.AttachHandback();
  if (!links) {
    LOG_WARN("pools are not followed", {"error", links.error().message});
    return;
  }
  links_ = std::move(links).value();
  programs_.SetHandback(true);
  LOG_INFO("pools are followed", {"pid", std::to_string(tgid)});
}

void HandbackHooks::Forget(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  if (followed_.erase(tgid) == 0 || !followed_.empty()) return;
  if (links_.empty()) return;  // the kernel has refused them
  programs_.SetHandback(false);
  links_.clear();
  LOG_INFO("pools are not followed any more", {"pid", std::to_string(tgid)});
}

}  // namespace clew::kernel
