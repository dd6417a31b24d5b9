#include "agent/kernel/runtime_probes.h"

#include <bpf/bpf.h>
#include <sys/stat.h>

#include <filesystem>

#include "agent/kernel/proc_entry.h"
#include "base/log.h"

namespace clew::kernel {
namespace {

constexpr std::size_t kMaxPlans = 1024;  // executables that are remembered

std::string ProcFolder(std::uint32_t tgid) { return "/proc/" + std::to_string(tgid); }

// A ring that it has set up before it was traced: the kernel side has not seen that.
bool HasIoUring(std::uint32_t tgid) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(ProcFolder(tgid) + "/fd", error)) {
    if (std::filesystem::read_symlink(entry.path(), error).string() == "anon_inode:[io_uring]")
      return true;
  }
  return false;
}

// What says in the kernel that a process has this runtime.
std::uint32_t FlagOf(runtime::Kind kind) {
  switch (kind) {
    case runtime::Kind::kNginx: return ProcEntry::kNginx;
    case runtime::Kind::kLibuv: return ProcEntry::kLoop;
  }
  return 0;
}

}  // namespace

std::uint32_t RuntimeProbes::Followed::Flags() const {
  const std::uint32_t flag = FlagOf(*plan.kind);
  if (!plan.waits) return flag;
  if (links.empty()) return flag | ProcEntry::kQuiet;
  return flag | ProcEntry::kAwake |
         static_cast<std::uint32_t>(wakes) << ProcEntry::kGenerationShift;
}

const runtime::Plan& RuntimeProbes::PlanOf(const File& file, const Fd& executable) {
  const auto known = plans_.find(file);
  if (known != plans_.end()) return known->second;
  if (plans_.size() >= kMaxPlans) plans_.clear();
  return plans_.emplace(file, runtime::PlanProbes(process::ReadFrom(executable), wanted_))
      .first->second;
}

bool RuntimeProbes::Attach(std::uint32_t tgid, Followed& process) {
  std::vector<Programs::Link> links;
  for (const runtime::Probe& probe : process.plan.probes) {
    auto link = programs_.AttachRuntimeProbe(probe, tgid, ProcFolder(tgid) + "/exe");
    if (!link) {
      ++refused_;
      LOG_WARN("runtime not followed", {"pid", std::to_string(tgid)},
               {"error", link.error().message});
      return false;
    }
    links.push_back(std::move(link).value());
  }
  process.links = std::move(links);
  ++process.wakes;
  ++probed_;
  return true;
}

std::uint32_t RuntimeProbes::Follow(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  const Fd executable = process::OpenRegular((ProcFolder(tgid) + "/exe").c_str());
  struct stat status {};
  if (!executable.valid() || fstat(executable.get(), &status) != 0) {
    followed_.erase(tgid);
    return 0;
  }
  const File file{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                  status.st_mtim.tv_nsec};
  const auto started = proc_.StartTicks(tgid);
  Followed process{.file = file, .start_ticks = started ? *started : 0};
  const auto known = followed_.find(tgid);
  if (known != followed_.end() && known->second.file == file &&
      known->second.start_ticks == process.start_ticks) {
    return known->second.Flags();
  }
  followed_.erase(tgid);
  process.plan = PlanOf(file, executable);
  if (!process.plan.missing.empty()) {
    ++incomplete_;
    LOG_INFO("runtime not followed", {"pid", std::to_string(tgid)},
             {"missing", process.plan.missing});
  }
  if (!process.plan.kind) return 0;
  if (process.plan.kind == runtime::Kind::kLibuv && HasIoUring(tgid)) return 0;
  if (!process.plan.waits && !Attach(tgid, process)) return 0;
  return followed_.emplace(tgid, std::move(process)).first->second.Flags();
}

std::uint32_t RuntimeProbes::FollowChild(std::uint32_t tgid, std::uint32_t parent) {
  {
    MutexLock lock(mutex_);
    if (!followed_.contains(parent)) return 0;
  }
  return Follow(tgid);
}

void RuntimeProbes::Wake(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  const auto found = followed_.find(tgid);
  if (found == followed_.end() || !found->second.plan.waits) return;
  if (found->second.links.empty() && !Attach(tgid, found->second)) return;
  // kNotFound: it is gone. Told again when it is awake: another thread may have told older news since.
  const std::uint32_t flags = found->second.Flags();
  (void)programs_.ChangeProc(tgid, flags, ProcEntry::kGeneration & ~flags);
}

void RuntimeProbes::Check(Clock::time_point now) {
  MutexLock lock(mutex_);
  if (now < next_check_) return;
  next_check_ = now + rest_;
  for (auto& [tgid, process] : followed_) {
    if (!process.plan.waits || process.links.empty()) continue;
    ProcEntry proc;
    if (bpf_map_lookup_elem(programs_.procs_fd(), &tgid, &proc) != 0) continue;
    const bool rests = (proc.flags & ProcEntry::kQuiet) != 0;  // since the last look
    (void)programs_.ChangeProc(tgid, ProcEntry::kQuiet, rests ? ProcEntry::kAwake : 0);
    if (!rests) continue;
    process.links.clear();
    ++rested_;
  }
}

void RuntimeProbes::Forget(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  followed_.erase(tgid);
}

std::vector<NamedCounter> RuntimeProbes::Counters() const {
  return {
      {"runtimes_probed", "Processes whose runtimes were given probes.", probed_},
      {"runtimes_rested", "... and lost them again because they made no calls.", rested_},
      {"runtimes_incomplete",
       "Processes with a known runtime in which not all probes can be placed: no parents by it.",
       incomplete_},
      {"runtimes_refused",
       "Processes whose runtimes the kernel refused to probe: no parents by them.", refused_},
  };
}

}  // namespace clew::kernel
