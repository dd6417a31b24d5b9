#include "agent/kernel/runtime_probes.h"

#include <bpf/bpf.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "agent/kernel/proc_entry.h"
#include "agent/process/python_modules.h"
#include "agent/runtime/hotspot.h"
#include "agent/runtime/python_layout.h"
#include "base/log.h"

namespace clew::kernel {
namespace {

constexpr std::size_t kMaxPlans = 1024;  // files that are remembered
constexpr std::uint32_t kPython = ProcEntry::kAsyncio | ProcEntry::kExecutor;
// A child that serves one request has gone by then.
constexpr std::chrono::milliseconds kYoung{250};

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
    case runtime::Kind::kAsyncio: return ProcEntry::kAsyncio;
    case runtime::Kind::kExecutor: return ProcEntry::kExecutor;
    case runtime::Kind::kGo: return ProcEntry::kGo;
    case runtime::Kind::kJava: return ProcEntry::kJava;
    case runtime::Kind::kHandback: return 0;  // the kernel side's own
  }
  return 0;
}

}  // namespace

bool RuntimeProbes::Followed::Waits() const {
  return std::any_of(images.begin(), images.end(), [](const Image& image) { return image.plan.waits; });
}

std::uint32_t RuntimeProbes::Followed::Flags() const {
  std::uint32_t flags = 0;
  for (const Image& image : images) flags |= FlagOf(*image.plan.kind);
  if (!Waits()) return flags;
  if (!awake) return flags | ProcEntry::kQuiet;
  return flags | ProcEntry::kAwake |
         static_cast<std::uint32_t>(wakes) << ProcEntry::kGenerationShift;
}

std::optional<RuntimeProbes::File> RuntimeProbes::FileOf(const Fd& fd) {
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) return std::nullopt;
  return File{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
              status.st_mtim.tv_nsec};
}

std::vector<RuntimeProbes::Image> RuntimeProbes::ImagesOf(std::uint32_t tgid) {
  const std::string folder = ProcFolder(tgid);
  std::vector<Image> images(1);
  images.front().path = folder + "/exe";
  std::error_code error;
  const auto executable = std::filesystem::read_symlink(folder + "/exe", error).string();
  if (error) return images;
  if (std::filesystem::path(executable).filename() == "java")
    images.push_back({images.front().path, runtime::Part::kJavaProgram, 0, {}});
  const auto python =
      process::FindPythonModules(executable, folder + "/root", {"_asyncio", "_queue"});
  if (!python) return images;
  for (const std::string& path : python->paths)
    images.push_back({path, runtime::Part::kPythonModule, python->minor, {}});
  return images;
}

const runtime::Plan& RuntimeProbes::PlanOf(const File& file, runtime::Part part, const Fd& fd) {
  const std::pair key(file, part);
  const auto known = plans_.find(key);
  if (known != plans_.end()) return known->second;
  if (plans_.size() >= kMaxPlans) plans_.clear();
  return plans_.emplace(key, runtime::PlanProbes(process::ReadFrom(fd), part, wanted_))
      .first->second;
}

bool RuntimeProbes::Plan(std::uint32_t tgid, Image& image) {
  const Fd fd = process::OpenRegular(image.path.c_str());
  const auto file = FileOf(fd);
  if (!file) return false;
  image.plan = PlanOf(*file, image.part, fd);
  std::string missing = image.plan.missing;
  if (image.plan.kind == runtime::Kind::kAsyncio && !runtime::LayoutOfPython(image.minor))
    missing = "asyncio: the layout of version 3." + std::to_string(image.minor);
  if (!missing.empty()) {
    ++incomplete_;
    LOG_INFO("runtime not followed", {"pid", std::to_string(tgid)}, {"missing", missing});
    return false;
  }
  return image.plan.kind && !(image.plan.kind == runtime::Kind::kLibuv && HasIoUring(tgid));
}

Status RuntimeProbes::Prepare(std::uint32_t tgid, const Image& image) {
  if (image.plan.kind == runtime::Kind::kJava) {
    const auto layout = runtime::ReadHotSpot(ProcFolder(tgid));
    return layout ? programs_.SetJava(tgid, *layout) : layout.error();
  }
  if (image.plan.kind != runtime::Kind::kAsyncio) return {};
  const auto layout = runtime::LayoutOfPython(image.minor);
  return programs_.SetPython(
      tgid, {layout->thread_id, layout->context_version, image.plan.waits_for});
}

bool RuntimeProbes::Attach(std::uint32_t tgid, Followed& process) {
  std::vector<Programs::Link> links;
  for (const Image& image : process.images) {
    Status status = Prepare(tgid, image);
    for (const runtime::Probe& probe : image.plan.probes) {
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
      LOG_WARN("runtime not followed", {"pid", std::to_string(tgid)},
               {"error", status.error().message});
      return false;
    }
  }
  process.links = std::move(links);
  process.awake = true;
  ++process.wakes;
  ++probed_;
  return true;
}

std::uint32_t RuntimeProbes::Follow(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  young_.erase(tgid);
  const auto file = FileOf(process::OpenRegular((ProcFolder(tgid) + "/exe").c_str()));
  if (!file) {
    followed_.erase(tgid);
    return 0;
  }
  const auto started = proc_.StartTicks(tgid);
  Followed process{.file = *file, .start_ticks = started ? *started : 0};
  const auto known = followed_.find(tgid);
  if (known != followed_.end() && known->second.file == process.file &&
      known->second.start_ticks == process.start_ticks) {
    return known->second.Flags();
  }
  followed_.erase(tgid);
  for (Image& image : ImagesOf(tgid)) {
    if (Plan(tgid, image)) process.images.push_back(std::move(image));
  }
  if (process.images.empty()) return 0;
  if (!process.Waits() && !Attach(tgid, process)) return 0;
  return followed_.emplace(tgid, std::move(process)).first->second.Flags();
}

std::uint32_t RuntimeProbes::FollowChild(std::uint32_t tgid, std::uint32_t parent) {
  {
    MutexLock lock(mutex_);
    const auto known = followed_.find(parent);
    if (known == followed_.end() && !young_.contains(parent)) return 0;
    if (known == followed_.end() || (known->second.Flags() & kPython) != 0) {
      young_[tgid] = Clock::now() + kYoung;
      return 0;
    }
  }
  return Follow(tgid);
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> RuntimeProbes::FollowGrown(
    Clock::time_point now) {
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

void RuntimeProbes::Wake(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  const auto found = followed_.find(tgid);
  if (found == followed_.end() || !found->second.Waits()) return;
  if (!found->second.awake && !Attach(tgid, found->second)) return;
  // kNotFound: it is gone. Told again when it is awake: another thread may have told older news since.
  const std::uint32_t flags = found->second.Flags();
  (void)programs_.ChangeProc(tgid, flags, ProcEntry::kGeneration & ~flags);
}

void RuntimeProbes::Check(Clock::time_point now) {
  MutexLock lock(mutex_);
  if (now < next_check_) return;
  next_check_ = now + rest_;
  for (auto& [tgid, process] : followed_) {
    if (!process.Waits() || !process.awake) continue;
    ProcEntry proc;
    if (bpf_map_lookup_elem(programs_.procs_fd(), &tgid, &proc) != 0) continue;
    const bool rests = (proc.flags & ProcEntry::kQuiet) != 0;  // since the last look
    (void)programs_.ChangeProc(tgid, ProcEntry::kQuiet, rests ? ProcEntry::kAwake : 0);
    if (!rests) continue;
    process.links.clear();
    process.awake = false;
    ++rested_;
  }
}

void RuntimeProbes::Forget(std::uint32_t tgid) {
  MutexLock lock(mutex_);
  followed_.erase(tgid);
  young_.erase(tgid);
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
