#include "agent/kernel/loop_probes.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "agent/kernel/proc_entry.h"
#include "base/log.h"

namespace clew::kernel {
namespace {

constexpr std::size_t kMaxPlans = 1024;  // executables that are remembered

// A ring that it has set up before it was traced: the kernel side has not seen that.
bool HasIoUring(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/fd", error)) {
    if (std::filesystem::read_symlink(entry.path(), error).string() == "anon_inode:[io_uring]") return true;
  }
  return false;
}

}  // namespace

const LoopPlan& LoopProbes::PlanOf(const File& file, const Fd& executable) {
  const auto known = plans_.find(file);
  if (known != plans_.end()) return known->second;
  if (plans_.size() >= kMaxPlans) plans_.clear();
  return plans_.emplace(file, PlanLoopProbes(process::ReadFrom(executable))).first->second;
}

std::uint32_t LoopProbes::Follow(std::uint32_t tgid) {
  const std::string folder = "/proc/" + std::to_string(tgid);
  const std::string path = folder + "/exe";
  MutexLock lock(mutex_);
  const Fd executable = process::OpenRegular(path.c_str());
  struct stat status {};
  if (!executable.valid() || fstat(executable.get(), &status) != 0) {
    links_.erase(tgid);
    return 0;
  }
  const File file{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
  const LoopPlan& plan = PlanOf(file, executable);
  const std::uint32_t flag = plan.kind == LoopKind::kNginx ? ProcEntry::kNginx : ProcEntry::kLoop;
  const auto started = proc_.StartTicks(tgid);
  const std::uint64_t start_ticks = started ? *started : 0;
  const auto known = links_.find(tgid);
  if (known != links_.end() && known->second.file == file && known->second.start_ticks == start_ticks) return flag;
  links_.erase(tgid);
  if (!plan.missing.empty()) {
    ++incomplete_;
    LOG_INFO("event loop not followed", {"pid", std::to_string(tgid)}, {"no probe in", plan.missing});
  }
  if (plan.kind == LoopKind::kNone || (plan.kind == LoopKind::kLibuv && HasIoUring(folder))) return 0;
  std::vector<Programs::Link> links;
  for (const LoopProbe& probe : plan.probes) {
    auto link = programs_.AttachLoopProbe(probe, tgid, path);
    if (!link) {
      ++refused_;
      LOG_WARN("event loop not followed", {"pid", std::to_string(tgid)}, {"error", link.error().message});
      return 0;
    }
    links.push_back(std::move(link).value());
  }
  links_[tgid] = {file, start_ticks, std::move(links)};
  ++followed_;
  return flag;
}

std::uint32_t LoopProbes::FollowChild(std::uint32_t tgid, std::uint32_t parent) {
  {
    MutexLock lock(mutex_);
    if (links_.count(parent) == 0) return 0;
  }
  return Follow(tgid);
}

void LoopProbes::Forget(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  links_.erase(tgid);
}

std::vector<NamedCounter> LoopProbes::Counters() const {
  return {
      {"loops_followed", "Processes whose event loops were given probes.", followed_},
      {"loops_incomplete", "Processes with a known event loop in which not all probes can be placed: no parents by it.", incomplete_},
      {"loops_refused", "Processes whose event loops the kernel refused to probe: no parents by them.", refused_},
  };
}

}  // namespace clew::kernel
