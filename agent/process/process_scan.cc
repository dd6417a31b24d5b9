// ProcessTable::Scan: what selectors find by looking through /proc.
#include <set>

#include "agent/process/listening_ports.h"
#include "agent/process/process_table.h"

namespace clew::process {
namespace {

constexpr int kMaxAncestry = 64;

std::set<std::uint16_t> PortsOf(const Selectors& selectors) {
  std::set<std::uint16_t> ports;
  for (const Selector& selector : selectors.include) {
    if (selector.kind == Selector::Kind::kPort)
      ports.insert(static_cast<std::uint16_t>(selector.number));
  }
  return ports;
}

}  // namespace

Status ProcessTable::Scan() {
  const auto processes = proc_.Processes();
  if (!processes) return processes.error();
  TracedMap traced;
  {
    MutexLock lock(mutex_);
    for (const auto& [tgid, entry] : entries_) {
      if (entry.exited == KernelNanos{})
        traced[tgid] = {entry.info.start_ticks, entry.override_name};
    }
  }
  RefreshSeen(*processes, traced);
  JudgeSeen();
  std::vector<std::uint32_t> found;
  for (auto& [tgid, seen] : seen_) {
    if (seen.verdict == Verdict::kExclude) continue;
    if (seen.verdict == Verdict::kNo && !InheritsFrom(seen.info, traced, seen.service_name))
      continue;
    found.push_back(tgid);
  }
  for (const std::uint32_t tgid : found) {
    Entry entry = Load(std::move(seen_[tgid].info), seen_[tgid].service_name);
    seen_.erase(tgid);
    Tell(entry);
    MutexLock lock(mutex_);
    ++counts_.seen;
    Insert(std::move(entry));
  }
  return {};
}

// Brings seen_ up to date: who is alive, not traced, and still the program that it was. Marks
// traced processes that are gone although no record said so.
void ProcessTable::RefreshSeen(const std::vector<std::uint32_t>& processes,
                               const TracedMap& traced) {
  const bool cgroups_matter =
      options_.selectors.Has(Selector::Kind::kCgroup);  // a process can move at any time
  std::unordered_map<std::uint32_t, Seen> alive;
  std::set<std::uint32_t> traced_alive;
  for (const std::uint32_t tgid : processes) {
    if (tgid == options_.self) continue;
    const auto start = proc_.StartTicks(tgid);
    if (!start) continue;
    const auto known = traced.find(tgid);
    if (known != traced.end() && known->second.start_ticks == *start) {
      traced_alive.insert(tgid);
      continue;
    }
    const auto before = seen_.find(tgid);
    if (before != seen_.end() && before->second.info.start_ticks == *start && !cgroups_matter &&
        before->second.info.exe == proc_.Executable(tgid)) {
      alive.emplace(tgid, std::move(before->second));
      continue;
    }
    auto info = proc_.ReadIdentity(tgid);
    if (!info || info->exe.empty()) continue;  // gone, a kernel thread, or a zombie
    // Excluded once and still the same program: not to be told again.
    const bool same = before != seen_.end() && before->second.info.start_ticks == *start &&
                      before->second.info.exe == info->exe;
    alive[tgid] = Seen{std::move(*info), same ? before->second.verdict : Verdict::kNo, {}};
  }
  seen_ = std::move(alive);
  MutexLock lock(mutex_);
  for (const auto& [tgid, was] : traced) {
    const auto entry = entries_.find(tgid);
    if (traced_alive.count(tgid) == 0 && entry != entries_.end() &&
        entry->second.info.start_ticks == was.start_ticks &&
        entry->second.exited == KernelNanos{}) {
      entry->second.exited = options_.clock();
    }
  }
}

void ProcessTable::JudgeSeen() {
  std::vector<std::uint32_t> tgids;
  for (const auto& [tgid, seen] : seen_) tgids.push_back(tgid);
  const auto listeners = FindListeners(proc_, tgids, PortsOf(options_.selectors));
  for (auto& [tgid, seen] : seen_) {
    const auto ports = listeners.find(tgid);
    seen.info.listening_ports =
        ports == listeners.end() ? std::vector<std::uint16_t>() : ports->second;
    Decision decision = Decide(seen.info, options_.selectors);
    if (decision.verdict == Verdict::kExclude && seen.verdict != Verdict::kExclude)
      TellExcluded(tgid);
    seen.verdict = decision.verdict;
    seen.service_name = std::move(decision.service_name);
  }
}

bool ProcessTable::InheritsFrom(const ProcessInfo& info, const TracedMap& traced,
                                std::string& service_name) const {
  std::uint32_t parent = info.parent_tgid;
  for (int depth = 0; depth < kMaxAncestry && parent > 1; ++depth) {
    if (const auto found = traced.find(parent); found != traced.end()) {
      service_name = found->second.override_name;
      return true;
    }
    const auto seen = seen_.find(parent);
    if (seen == seen_.end() || seen->second.verdict == Verdict::kExclude) return false;
    if (seen->second.verdict == Verdict::kTrace) {
      service_name = seen->second.service_name;
      return true;
    }
    parent = seen->second.info.parent_tgid;
  }
  return false;
}

}  // namespace clew::process
