// The traced processes: who they are, for spans, and who they shall be, for the kernel side.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/conn/process_event_sink.h"
#include "agent/process/inject_class.h"
#include "agent/process/proc_fs.h"
#include "agent/process/process_control.h"
#include "agent/process/resource.h"
#include "agent/process/selectors.h"
#include "agent/span/resource_lookup.h"
#include "base/counter.h"
#include "base/mutex.h"
#include "base/time.h"

namespace clew::process {

struct ProcessTableOptions {
  Selectors selectors;
  InjectNames inject_names;
  std::uint32_t self = 0;             // the agent's own tgid: never traced
  std::size_t max_processes = 16384;  // above it those that exited go early, then any
  std::chrono::nanoseconds grace =
      std::chrono::seconds(30);  // how long an exited process can still be looked up
  std::function<KernelNanos()> clock = KernelClock::now;
};

// Told of every resource that the table makes, on the ring thread, before the first span that has
// it.
class ResourceObserver {
 public:
  virtual ~ResourceObserver() = default;
  virtual void OnResource(std::uint32_t tgid, const span::Resource& resource) = 0;
};

// Any thread may call; the ring thread is never kept waiting for a walk through /proc by another
// one.
class ProcessTable final : public conn::ProcessEventSink, public span::ResourceLookup {
 public:
  // `control` must outlive the table, `observer` too unless it is null.
  ProcessTable(ProcFs proc, HostInfo host, ProcessTableOptions options, ProcessControl& control,
               ResourceObserver* observer);

  // Forks inherit from their parent, execs are read again, exits stay for the grace period.
  void OnProcess(const clew_proc_event& event) override;
  std::shared_ptr<const span::Resource> Lookup(std::uint32_t tgid) override;

  // Walks through /proc and traces what the selectors name and does not live in the table yet, with
  // its descendants. To be called once at the start and every few seconds by one thread: listening
  // ports and processes that the kernel side had no event for are found only here. kNotFound: /proc
  // itself cannot be read.
  Status Scan();
  // Forgets processes whose grace period is over.
  void Expire();

  // How many processes are traced now.
  std::size_t size() const;
  std::vector<NamedCounter> Counters() const;

 private:
  struct Entry {
    ProcessInfo info;          // without arguments but the first, and without the working directory
    std::string service_name;  // as decided or derived
    std::string override_name;                       // of the selector; execs inherit it
    std::shared_ptr<const span::Resource> resource;  // made at the first look-up
    KernelNanos exited{};                            // zero: alive
  };
  struct Seen {  // a process that was judged by an earlier scan and not traced
    ProcessInfo info;
    Verdict verdict = Verdict::kNo;
    std::string service_name;
  };

  struct Traced {
    std::uint64_t start_ticks = 0;
    std::string override_name;
  };
  using TracedMap = std::unordered_map<std::uint32_t, Traced>;

  Entry Load(ProcessInfo info, const std::string& override_name) const;
  Entry LoadFromEvent(const clew_proc_event& event, const std::string& override_name) const;
  void OnSeen(const clew_proc_event& event);
  void OnFork(const clew_proc_event& event);
  void OnExec(const clew_proc_event& event);
  void OnExit(const clew_proc_event& event);
  void Insert(Entry entry) REQUIRES(mutex_);
  void MakeRoom() REQUIRES(mutex_);
  void Tell(const Entry& entry);
  void TellExcluded(std::uint32_t tgid);
  void RefreshSeen(const std::vector<std::uint32_t>& processes, const TracedMap& traced);
  void JudgeSeen();
  // The traced ancestor of `info`, if any: true, with the service name that it hands down.
  bool InheritsFrom(const ProcessInfo& info, const TracedMap& traced,
                    std::string& service_name) const;

  const ProcFs proc_;
  const HostInfo host_;
  const ProcessTableOptions options_;
  ProcessControl& control_;
  ResourceObserver* const observer_;

  mutable Mutex mutex_;
  std::unordered_map<std::uint32_t, Entry> entries_ GUARDED_BY(mutex_);
  struct Counts {
    std::uint64_t seen = 0, forked = 0, executed = 0, exited = 0, excluded = 0, unresolved = 0,
                  io_uring = 0, evicted = 0, refused = 0;
  } counts_ GUARDED_BY(mutex_);

  std::unordered_map<std::uint32_t, Seen> seen_;  // the scanning thread's alone
};

}  // namespace clew::process
