// The kernel side as the agent sees it: loads the programs, tests and starts injection, delivers records.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/kernel/drain_pace.h"
#include "agent/kernel/event_source.h"
#include "agent/kernel/fionread_watch.h"
#include "agent/kernel/handback_hooks.h"
#include "agent/kernel/injection.h"
#include "agent/kernel/runtime_probes.h"
#include "agent/kernel/proc_entry.h"
#include "agent/kernel/programs.h"
#include "agent/process/process_control.h"
#include "base/counter.h"
#include "base/fd.h"
#include "base/mutex.h"
#include "base/result.h"

struct ring_buffer;

namespace clew::kernel {

enum class InjectMode : std::uint8_t { kAuto, kOn, kOff };

struct TracerOptions {
  Capture capture = Capture::kAuto;
  InjectMode inject = InjectMode::kAuto;
  std::vector<std::string> cgroups;         // selectors: folders, absolute or relative to the cgroup2 mount
  std::vector<std::string> attach_cgroups;  // where sock_ops goes; empty: `cgroups`, or without those the root
  bool decide_first = false;  // a process in a selected cgroup waits for Trace(): some executables are excluded
  std::vector<std::uint16_t> skip_ports;  // never HTTP: no injection
  std::vector<Network> option_networks;   // where the TCP option may be used; empty: not at all
  double sample_ratio = 1.0;
  bool started_threads = false;  // they are evidence of a parent, as processes are
  std::size_t ring_bytes = 8 << 20;
  std::vector<runtime::Kind> runtimes;  // that are probed where a process has them
  std::chrono::milliseconds runtime_rest{600'000};  // without a call, until waiting probes go
};

class Tracer final : public EventSource, public process::ProcessControl {
 public:
  // Loads, runs the self-test (about a second; it forks, so this process must still have one thread), attaches. With
  // InjectMode::kAuto injection is off, with a reason, when the self-test found it harmful; with kOn that is an error.
  static Result<std::unique_ptr<Tracer>> Make(const TracerOptions& options);
  ~Tracer() override;

  // Ring thread. Waits for the drain interval, see DrainPace, then drains what is there, but not for ever on a busy node.
  Result<int> Poll(std::chrono::milliseconds timeout, EventSink& sink) override;

  // process::ProcessControl; any thread.
  Status Trace(std::uint32_t tgid, process::InjectClass inject) override;
  Status Forked(std::uint32_t tgid, std::uint32_t parent) override;
  void Executed(std::uint32_t tgid) override;
  void Calls(std::uint32_t tgid) override;
  void Pools(std::uint32_t tgid) override;
  Status Exclude(std::uint32_t tgid) override;
  Status Forget(std::uint32_t tgid) override;

  Capture capture() const { return programs_->capture(); }
  bool injecting() const { return injecting_; }
  // Contexts go into TCP options, where no header does, and are taken from them.
  bool using_option() const { return using_option_; }
  // Why not, or what is not used; empty: all in use.
  const std::string& injection_note() const { return injection_note_; }
  // Any thread.
  std::vector<NamedCounter> Counters() const;

 private:
  Tracer() = default;
  // What requests may carry contexts by. `folder`: cgroup for the self-tests. An error: no headers, although they must be.
  Status StartCarriers(const TracerOptions& options, std::vector<Fd> cgroups, const std::string& folder);
  Status StartInjection(const std::string& folder);
  Status StartOption(const std::string& folder);
  Status SetProc(std::uint32_t tgid, const ProcEntry& proc);
  // To those that a traced process has.
  Status AddFlags(std::uint32_t tgid, std::uint32_t flags);
  static int OnRecord(void* self, void* data, std::size_t size);

  Mutex trace_mutex_;
  std::unique_ptr<Programs> programs_;
  std::unique_ptr<Injection> injection_;
  std::unique_ptr<FionreadWatch> watch_;  // only where FIONREAD is wrong
  std::unique_ptr<RuntimeProbes> runtimes_;  // unless switched off
  std::unique_ptr<HandbackHooks> handback_;  // where it is wanted
  ring_buffer* ring_ = nullptr;
  EventSink* sink_ = nullptr;  // during Poll
  Fd wake_;                    // epoll on the ring
  DrainPace pace_;
  int drained_ = 0;  // records of this Poll
  bool injecting_ = false;
  bool using_option_ = false;
  bool fionread_ok_ = false;
  std::string injection_note_;
  std::atomic<std::uint64_t> records_{0};
  std::atomic<std::uint64_t> malformed_{0};
};

}  // namespace clew::kernel
