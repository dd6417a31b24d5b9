#include "agent/kernel/runtime_probes.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "agent/kernel/proc_entry.h"
#include "agent/process/python_modules.h"
#include "agent/runtime/python_layout.h"
#include "base/log.h"

namespace clew::kernel {
namespace {

constexpr std::size_t kMaxPlans = 1024;  // files that are remembered
constexpr std::uint32_t kPython = ProcEntry::kAsyncio | ProcEntry::kExecutor;
// A child that serves one request has gone by then.
constexpr std::chrono::milliseconds kYoung{250};

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
    case runtime::Kind::kAsyncio: return ProcEntry::kAsyncio;
    case runtime::Kind::kExecutor: return ProcEntry::kExecutor;
  }
  return 0;
}

}  // namespace

std::optional<RuntimeProbes::File> RuntimeProbes::FileOf(const Fd& fd) {
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) return std::nullopt;
  return File{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

std::vector<RuntimeProbes::Image> RuntimeProbes::ImagesOf(const std::string& folder) {
  std::vector<Image> images = {{.path = folder + "/exe"}};
  std::error_code error;
  const std::string executable = std::filesystem::read_symlink(folder + "/exe", error).string();
  if (error) return images;
  const auto python = process::FindPythonModules(executable, folder + "/root", {"_asyncio", "_queue"});
  if (!python) return images;
  for (const std::string& path : python->paths) images.push_back({path, runtime::Part::kPythonModule, python->minor});
  return images;
}

const runtime::Plan& RuntimeProbes::PlanOf(const File& file, runtime::Part part, const Fd& image) {
  const auto known = plans_.find(file);
  if (known != plans_.end()) return known->second;
  if (plans_.size() >= kMaxPlans) plans_.clear();
  return plans_.emplace(file, runtime::PlanProbes(process::ReadFrom(image), part, wanted_)).first->second;
}

Status RuntimeProbes::Prepare(std::uint32_t tgid, const runtime::Plan& plan, const Image& image) {
  if (plan.kind != runtime::Kind::kAsyncio) return {};
  const auto layout = runtime::LayoutOfPython(image.minor);
  if (!layout) return Error{Code::kUnsupported, "the layout of Python 3." + std::to_string(image.minor) + " is not known"};
  return programs_.SetPython(tgid, {layout->thread_id, layout->context_version, plan.waits_for});
}

void RuntimeProbes::AddProbes(std::uint32_t tgid, const Image& image, Followed& followed) {
  const Fd fd = process::OpenRegular(image.path.c_str());
  const auto file = FileOf(fd);
  if (!file) return;
  const runtime::Plan& plan = PlanOf(*file, image.part, fd);
  if (!plan.missing.empty()) {
    ++incomplete_;
    LOG_INFO("runtime not followed", {"pid", std::to_string(tgid)}, {"missing", plan.missing});
  }
  if (!plan.kind) return;
  Status status = Prepare(tgid, plan, image);
  std::vector<Programs::Link> links;
  for (const runtime::Probe& probe : plan.probes) {
    if (!status) break;
    auto link = programs_.AttachRuntimeProbe(probe, tgid, image.path);
    if (link) {
      links.push_back(std::move(link).value());
    } else {
      status = link.error();
    }
  }
  if (!status) {
    ++refused_;
    LOG_WARN("runtime not followed", {"pid", std::to_string(tgid)}, {"error", status.error().message});
    return;
  }
  for (Programs::Link& link : links) followed.links.push_back(std::move(link));
  followed.flags |= FlagOf(*plan.kind);
}

std::uint32_t RuntimeProbes::Follow(std::uint32_t tgid) {
  const std::string folder = "/proc/" + std::to_string(tgid);
  MutexLock lock(mutex_);
  young_.erase(tgid);
  const auto file = FileOf(process::OpenRegular((folder + "/exe").c_str()));
  if (!file) {
    links_.erase(tgid);
    return 0;
  }
  const auto started = proc_.StartTicks(tgid);
  Followed followed{.file = *file, .start_ticks = started ? *started : 0, .flags = 0, .links = {}};
  const auto known = links_.find(tgid);
  if (known != links_.end() && known->second.file == followed.file && known->second.start_ticks == followed.start_ticks)
    return known->second.flags;
  links_.erase(tgid);
  for (const Image& image : ImagesOf(folder)) AddProbes(tgid, image, followed);
  if ((followed.flags & ProcEntry::kLoop) != 0 && HasIoUring(folder)) return 0;
  const std::uint32_t flags = followed.flags;
  if (flags == 0) return 0;
  links_[tgid] = std::move(followed);
  ++followed_;
  return flags;
}

std::uint32_t RuntimeProbes::FollowChild(std::uint32_t tgid, std::uint32_t parent) {
  {
    MutexLock lock(mutex_);
    const auto known = links_.find(parent);
    if (known == links_.end() && young_.count(parent) == 0) return 0;
    if (known == links_.end() || (known->second.flags & kPython) != 0) {
      young_[tgid] = Clock::now() + kYoung;
      return 0;
    }
  }
  return Follow(tgid);
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> RuntimeProbes::FollowGrown(Clock::time_point now) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> grown;
  {
    MutexLock lock(mutex_);
    for (auto it = young_.begin(); it != young_.end();) {
      if (it->second <= now) grown.emplace_back(it->first, 0);
      it = it->second <= now ? young_.erase(it) : std::next(it);
    }
  }
  for (auto& [tgid, flags] : grown) flags = Follow(tgid);
  return grown;
}

void RuntimeProbes::Forget(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  links_.erase(tgid);
  young_.erase(tgid);
}

std::vector<NamedCounter> RuntimeProbes::Counters() const {
  return {
      {"runtimes_followed", "Processes whose runtimes were given probes.", followed_},
      {"runtimes_incomplete", "Processes with a known runtime in which not all probes can be placed: no parents by it.", incomplete_},
      {"runtimes_refused", "Processes whose runtimes the kernel refused to probe: no parents by them.", refused_},
  };
}

}  // namespace clew::kernel
