#include "agent/process/process_table.h"

#include <cstring>
#include <utility>

#include "agent/process/service_name.h"
#include "base/log.h"

namespace clew::process {
namespace {

constexpr std::uint64_t kNanosPerTick =
    10'000'000;  // USER_HZ is 100 on every architecture that Linux has left

ProcessInfo InfoOfEvent(const clew_proc_event& event) {
  ProcessInfo info;
  info.tgid = event.h.tgid;
  info.parent_tgid = event.parent_tgid;
  info.start_ticks = event.start_ns / kNanosPerTick;
  const char* comm = reinterpret_cast<const char*>(event.comm);
  info.comm.assign(comm, strnlen(comm, sizeof(event.comm)));
  return info;
}

}  // namespace

ProcessTable::ProcessTable(ProcFs proc, HostInfo host, ProcessTableOptions options,
                           ProcessControl& control, ResourceObserver* observer)
    : proc_(std::move(proc)),
      host_(std::move(host)),
      options_(std::move(options)),
      control_(control),
      observer_(observer) {}

ProcessTable::Entry ProcessTable::Load(ProcessInfo info, const std::string& override_name) const {
  proc_.ReadDetails(info);
  Entry entry;
  entry.override_name = override_name;
  entry.service_name = override_name.empty() ? DeriveServiceName(info) : override_name;
  // The name is known now; what it was found in may be long and may hold secrets.
  if (info.arguments.size() > 1) info.arguments.resize(1);
  info.arguments.shrink_to_fit();
  info.working_directory = {};
  entry.info = std::move(info);
  return entry;
}

// A process may be gone before its record is read: then the record itself is all there is.
ProcessTable::Entry ProcessTable::LoadFromEvent(const clew_proc_event& event,
                                                const std::string& override_name) const {
  if (auto info = proc_.ReadIdentity(event.h.tgid)) return Load(std::move(*info), override_name);
  Entry entry;
  entry.info = InfoOfEvent(event);
  entry.override_name = override_name;
  entry.service_name = override_name.empty() ? DeriveServiceName(entry.info) : override_name;
  return entry;
}

void ProcessTable::OnProcess(const clew_proc_event& event) {
  if (event.h.tgid == options_.self) return;
  switch (event.what) {
    case CLEW_PROC_SEEN:
      OnSeen(event);
      break;
    case CLEW_PROC_FORK:
      OnFork(event);
      break;
    case CLEW_PROC_EXEC:
      OnExec(event);
      break;
    case CLEW_PROC_EXIT:
      OnExit(event);
      break;
    case CLEW_PROC_CALLS:
      control_.Calls(event.h.tgid);
      break;
    case CLEW_PROC_POOLS:
      control_.Pools(event.h.tgid);
      break;
    case CLEW_PROC_IO_URING: {
      LOG_WARN("process uses io_uring: its traffic on it is not seen",
               {"pid", std::to_string(event.h.tgid)});
      MutexLock lock(mutex_);
      ++counts_.io_uring;
      break;
    }
    default:
      break;
  }
}

void ProcessTable::OnSeen(const clew_proc_event& event) {
  Entry entry = LoadFromEvent(event, {});
  const Decision decision = Decide(entry.info, options_.selectors);
  if (decision.verdict == Verdict::kExclude) {
    TellExcluded(event.h.tgid);
    return;
  }
  // The kernel side traces it already, so its cgroup or its parent was selected even when no
  // selector names it here.
  if (!decision.service_name.empty())
    entry.service_name = entry.override_name = decision.service_name;
  Tell(entry);
  MutexLock lock(mutex_);
  ++counts_.seen;
  Insert(std::move(entry));
}

void ProcessTable::OnFork(const clew_proc_event& event) {
  bool forked = false;
  {
    MutexLock lock(mutex_);
    const auto parent = entries_.find(event.parent_tgid);
    if (parent != entries_.end()) {
      Entry child = parent->second;
      child.info.tgid = event.h.tgid;
      child.info.parent_tgid = event.parent_tgid;
      child.info.start_ticks = event.start_ns / kNanosPerTick;
      child.resource.reset();
      child.exited = {};
      ++counts_.forked;
      Insert(std::move(child));
      forked = true;
    }
  }
  if (!forked) {
    OnSeen(event);
  } else if (const Status told = control_.Forked(event.h.tgid, event.parent_tgid); !told) {
    LOG_WARN("cannot follow a forked process", {"pid", std::to_string(event.h.tgid)},
             {"error", told.error().message});
  }
}

void ProcessTable::OnExec(const clew_proc_event& event) {
  control_.Executed(event.h.tgid);
  std::string override_name;
  bool traced = false;
  {
    MutexLock lock(mutex_);
    const auto found = entries_.find(event.h.tgid);
    traced = found != entries_.end() && found->second.exited == KernelNanos{};
    if (traced) override_name = found->second.override_name;
  }
  Entry entry = LoadFromEvent(event, override_name);
  const Decision decision = Decide(entry.info, options_.selectors);
  if (decision.verdict == Verdict::kExclude) {
    TellExcluded(event.h.tgid);
    MutexLock lock(mutex_);
    entries_.erase(event.h.tgid);
    return;
  }
  if (!traced && decision.verdict == Verdict::kNo) return;
  if (!decision.service_name.empty())
    entry.service_name = entry.override_name = decision.service_name;
  Tell(entry);
  MutexLock lock(mutex_);
  ++counts_.executed;
  Insert(std::move(entry));
}

void ProcessTable::OnExit(const clew_proc_event& event) {
  MutexLock lock(mutex_);
  const auto found = entries_.find(event.h.tgid);
  if (found == entries_.end()) return;
  ++counts_.exited;
  found->second.exited = options_.clock();
}

std::shared_ptr<const span::Resource> ProcessTable::Lookup(std::uint32_t tgid) {
  {
    MutexLock lock(mutex_);
    const auto found = entries_.find(tgid);
    if (found != entries_.end() && found->second.resource) return found->second.resource;
    if (found != entries_.end()) {
      Entry& entry = found->second;
      entry.resource = MakeResource(entry.info, host_, entry.service_name);
      if (observer_ != nullptr) observer_->OnResource(tgid, *entry.resource);
      return entry.resource;
    }
  }
  // Its SEEN record was lost: /proc may still know it.
  Entry entry;
  auto info = proc_.ReadIdentity(tgid);
  if (info) {
    const Decision decision = Decide(*info, options_.selectors);
    entry = Load(std::move(*info), decision.service_name);
  } else {
    entry.info.tgid = tgid;
    entry.service_name = DeriveServiceName(entry.info);
    entry.exited = options_.clock();
  }
  entry.resource = MakeResource(entry.info, host_, entry.service_name);
  if (observer_ != nullptr) observer_->OnResource(tgid, *entry.resource);
  auto resource = entry.resource;
  MutexLock lock(mutex_);
  if (!info) ++counts_.unresolved;
  Insert(std::move(entry));
  return resource;
}

void ProcessTable::Insert(Entry entry) {
  const std::uint32_t tgid = entry.info.tgid;
  if (entries_.count(tgid) == 0 && entries_.size() >= options_.max_processes) MakeRoom();
  entries_.insert_or_assign(tgid, std::move(entry));
}

void ProcessTable::MakeRoom() {
  auto victim = entries_.begin();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->second.exited != KernelNanos{}) {
      victim = it;
      break;
    }
  }
  entries_.erase(victim);  // a living one comes back by the next look-up or scan
  ++counts_.evicted;
}

void ProcessTable::Tell(const Entry& entry) {
  const Status told =
      control_.Trace(entry.info.tgid, ClassifyInjection(entry.info, options_.inject_names));
  if (told) return;
  LOG_WARN("cannot trace a process", {"pid", std::to_string(entry.info.tgid)},
           {"error", told.error().message});
  MutexLock lock(mutex_);
  ++counts_.refused;
}

void ProcessTable::TellExcluded(std::uint32_t tgid) {
  const Status told = control_.Exclude(tgid);
  if (!told)
    LOG_ERROR("cannot exclude a process", {"pid", std::to_string(tgid)},
              {"error", told.error().message});
  MutexLock lock(mutex_);
  ++counts_.excluded;
}

void ProcessTable::Expire() {
  std::vector<std::uint32_t> gone;
  {
    MutexLock lock(mutex_);
    const KernelNanos now = options_.clock();
    for (auto it = entries_.begin(); it != entries_.end();) {
      const bool over =
          it->second.exited != KernelNanos{} && now - it->second.exited > options_.grace;
      if (over) gone.push_back(it->first);
      it = over ? entries_.erase(it) : std::next(it);
    }
  }
  for (const std::uint32_t tgid : gone) {
    // Whoever has this pid now is another process, or the exit was taken back: not ours to forget.
    if (proc_.StartTicks(tgid)) continue;
    if (const Status told = control_.Forget(tgid); !told) {
      LOG_WARN("cannot forget a process", {"pid", std::to_string(tgid)},
               {"error", told.error().message});
    }
  }
}

std::size_t ProcessTable::size() const {
  MutexLock lock(mutex_);
  std::size_t alive = 0;
  for (const auto& [tgid, entry] : entries_) alive += entry.exited == KernelNanos{} ? 1 : 0;
  return alive;
}

std::vector<NamedCounter> ProcessTable::Counters() const {
  MutexLock lock(mutex_);
  return {
      {"processes_seen", "Processes that came under tracing by a selector", counts_.seen},
      {"processes_forked", "Processes that came under tracing by fork", counts_.forked},
      {"processes_executed", "Traced processes that executed another program", counts_.executed},
      {"processes_exited", "Traced processes that ended", counts_.exited},
      {"processes_excluded", "Processes kept out by an exclude", counts_.excluded},
      {"processes_unresolved", "Processes of spans that were gone before they could be read",
       counts_.unresolved},
      {"processes_io_uring", "Traced processes that use io_uring, whose traffic on it is not seen",
       counts_.io_uring},
      {"processes_evicted", "Processes forgotten early because the table was full",
       counts_.evicted},
      {"processes_refused", "Processes that the kernel side could not take", counts_.refused},
  };
}

}  // namespace clew::process
