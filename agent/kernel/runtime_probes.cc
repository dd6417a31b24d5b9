#include "agent/kernel/runtime_probes.h"

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

// What says in the kernel that a process has this runtime's probes.
std::uint32_t FlagOf(runtime::Kind kind) {
  switch (kind) {
    case runtime::Kind::kNginx: return ProcEntry::kNginx;
    case runtime::Kind::kLibuv: return ProcEntry::kLoop;
    case runtime::Kind::kGo: return ProcEntry::kGo;
  }
  return 0;
}

}  // namespace

const runtime::Plan& RuntimeProbes::PlanOf(const File& file, const Fd& executable) {
  const auto known = plans_.find(file);
  if (known != plans_.end()) return known->second;
  if (plans_.size() >= kMaxPlans) plans_.clear();
  return plans_.emplace(file, runtime::PlanProbes(process::ReadFrom(executable), wanted_)).first->second;
}

std::uint32_t RuntimeProbes::Follow(std::uint32_t tgid) {
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
  const runtime::Plan& plan = PlanOf(file, executable);
  const std::uint32_t flag = plan.kind ? FlagOf(*plan.kind) : 0;
  const auto started = proc_.StartTicks(tgid);
  const std::uint64_t start_ticks = started ? *started : 0;
  const auto known = links_.find(tgid);
  if (known != links_.end() && known->second.file == file && known->second.start_ticks == start_ticks) return flag;
  links_.erase(tgid);
  if (!plan.missing.empty()) {
    ++incomplete_;
    LOG_INFO("runtime not followed", {"pid", std::to_string(tgid)}, {"missing", plan.missing});
  }
  if (!plan.kind || (plan.kind == runtime::Kind::kLibuv && HasIoUring(folder))) return 0;
  std::vector<Programs::Link> links;
  for (const runtime::Probe& probe : plan.probes) {
    auto link = programs_.AttachRuntimeProbe(probe, tgid, path);
    if (!link) {
      ++refused_;
      LOG_WARN("runtime not followed", {"pid", std::to_string(tgid)}, {"error", link.error().message});
      return 0;
    }
    links.push_back(std::move(link).value());
  }
  links_[tgid] = {file, start_ticks, std::move(links)};
  ++followed_;
  return flag;
}

std::uint32_t RuntimeProbes::FollowChild(std::uint32_t tgid, std::uint32_t parent) {
  {
    MutexLock lock(mutex_);
    if (links_.count(parent) == 0) return 0;
  }
  return Follow(tgid);
}

void RuntimeProbes::Forget(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  links_.erase(tgid);
}

std::vector<NamedCounter> RuntimeProbes::Counters() const {
  return {
      {"runtimes_followed", "Processes whose runtimes were given probes.", followed_},
      {"runtimes_incomplete", "Processes with a known runtime in which not all probes can be placed: no parents by it.", incomplete_},
      {"runtimes_refused", "Processes whose runtimes the kernel refused to probe: no parents by them.", refused_},
  };
}

}  // namespace clew::kernel
