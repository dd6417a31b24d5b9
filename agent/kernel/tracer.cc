#include "agent/kernel/tracer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "agent/kernel/cgroup.h"
#include "agent/kernel/counters.h"
#include "agent/kernel/proc_entry.h"
#include "agent/kernel/recording.h"
#include "agent/kernel/self_test_child.h"
#include "base/log.h"

namespace clew::kernel {
namespace {

// Records that are read before all else gets its turn: on a saturated node the ring never runs empty.
constexpr int kMostRecords = 8192;

// Flags of the language's runtime, by the executable's name.
std::uint32_t LanguageFlags(std::uint32_t tgid) {
  std::error_code error;
  const auto exe = std::filesystem::read_symlink("/proc/" + std::to_string(tgid) + "/exe", error);
  const std::string name = error ? "" : exe.filename().string();
  if (name.starts_with("python")) return ProcEntry::kCpython;
  return name == "java" ? ProcEntry::kJvm : 0;
}

bool Wants(const std::vector<runtime::Kind>& kinds, runtime::Kind kind) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); }

}  // namespace

Result<std::unique_ptr<Tracer>> Tracer::Make(const TracerOptions& options) {
  std::unique_ptr<Tracer> tracer(new Tracer());
  const auto mount = FindCgroup2();
  std::vector<Fd> selectors, attach;
  ProgramOptions program_options;
  if (options.cgroups.size() > 8) return Error{Code::kInvalid, "at most 8 cgroups can be selected; select a common parent instead"};
  const std::vector<std::string> attach_paths = !options.attach_cgroups.empty() ? options.attach_cgroups
                                                : !options.cgroups.empty()      ? options.cgroups
                                                                                : std::vector<std::string>{"/"};
  const bool carries = options.inject != InjectMode::kOff || !options.option_networks.empty();
  const bool needs_cgroups = !options.cgroups.empty() || carries;
  if (needs_cgroups && !mount) return mount.error();
  for (const std::string& path : options.cgroups) {
    auto fd = OpenCgroup(path, *mount);
    if (!fd) return fd.error();
    program_options.selector_cgroups.push_back(fd->get());
    selectors.push_back(std::move(fd).value());
  }
  program_options.capture = options.capture;
  program_options.trace_new_processes = !options.decide_first;
  program_options.sample_ratio = options.sample_ratio;
  program_options.started_threads = options.started_threads;
  program_options.ring_bytes = options.ring_bytes;
  program_options.skip_ports = options.skip_ports;
  program_options.load_injection = options.inject != InjectMode::kOff;
  program_options.option_networks = options.option_networks;
  program_options.load_runtimes = !options.runtimes.empty();
  program_options.load_handback = Wants(options.runtimes, runtime::Kind::kHandback);
  auto programs = Programs::Load(program_options);
  if (!programs) return programs.error();
  tracer->programs_ = std::move(programs).value();
  if (!options.runtimes.empty()) tracer->runtimes_ = std::make_unique<RuntimeProbes>(*tracer->programs_, options.runtimes, options.runtime_rest);
  if (program_options.load_handback) tracer->handback_ = std::make_unique<HandbackHooks>(*tracer->programs_);
  const std::uint32_t self = static_cast<std::uint32_t>(getpid());
  if (auto status = tracer->Exclude(self); !status) return status.error();

  if (options.inject == InjectMode::kOff) tracer->injection_note_ = "switched off";
  if (carries) {
    for (const std::string& path : attach_paths) {
      auto fd = OpenCgroup(path, *mount);
      if (!fd) return fd.error();
      attach.push_back(std::move(fd).value());
    }
    const std::string& first = attach_paths.front();
    const std::string folder = first.starts_with(*mount) ? first : *mount + "/" + first;
    if (auto status = tracer->StartCarriers(options, std::move(attach), folder); !status) return status.error();
  }
  if (auto status = tracer->programs_->Attach(); !status) return status.error();

  tracer->ring_ = ring_buffer__new(tracer->programs_->ring_fd(), OnRecord, tracer.get(), nullptr);
  if (tracer->ring_ == nullptr) return ErrnoError("open", "ring buffer", errno);
  // Edge-triggered: libbpf's own descriptor is ready as long as there are records, so that waiting on it is no waiting.
  tracer->wake_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  epoll_event wake{.events = EPOLLIN | EPOLLET, .data = {}};
  if (!tracer->wake_.valid() || epoll_ctl(tracer->wake_.get(), EPOLL_CTL_ADD, tracer->programs_->ring_fd(), &wake) != 0) {
    return ErrnoError("watch", "ring buffer", errno);
  }
  LOG_INFO("tracing", {"capture", CaptureName(tracer->capture())}, {"injection", tracer->injecting_ ? "on" : "off"},
           {"tcp_option", tracer->using_option_ ? "on" : "off"}, {"note", tracer->injection_note_.empty() ? "-" : tracer->injection_note_});
  return tracer;
}

Status Tracer::StartCarriers(const TracerOptions& options, std::vector<Fd> cgroups, const std::string& folder) {
  injection_ = std::make_unique<Injection>(*programs_, std::move(cgroups), options.skip_ports);
  programs_->SetAdopter(static_cast<std::uint32_t>(getpid()));
  // Attached before the tests, since leaving the map is its work; nothing enters yet, for nothing is traced.
  Status attached = injection_->Start();
  if (options.inject != InjectMode::kOff) {
    const Status started = attached ? StartInjection(folder) : attached;
    if (!started && options.inject == InjectMode::kOn) return started;
    if (!started) {
      injection_note_ = started.error().message;
      LOG_WARN("injection is off", {"reason", injection_note_});
    }
  }
  if (!options.option_networks.empty()) {
    const Status started = attached ? StartOption(folder) : attached;
    if (!started) LOG_WARN("the TCP option is off", {"reason", started.error().message});
  }
  injection_->Use(injecting_, using_option_);
  if (!injecting_ && !using_option_) injection_->Stop();
  return {};
}

Status Tracer::StartInjection(const std::string& folder) {
  if (auto status = programs_->AttachMessages(); !status) return status;
  const auto verdict = RunSelfTestInChild(*programs_, *injection_, TestedCarrier::kHeader, folder);
  programs_->ForgetConnections();
  if (!verdict) return Error{verdict.error().code, "the harmlessness self-test could not run: " + verdict.error().message};
  if (!verdict->harmless) {
    return Error{Code::kUnsupported, "sockets under injection would behave differently on this kernel: " + verdict->differences};
  }
  fionread_ok_ = verdict->fionread_ok;
  if (!fionread_ok_) {
    injection_note_ = "FIONREAD is wrong on this kernel: processes that use it are injected on a connection's first request only";
  }
  LOG_INFO("self-test passed", {"questions", std::to_string(verdict->asked)}, {"differences", verdict->differences});
  if (!fionread_ok_) {
    watch_ = std::make_unique<FionreadWatch>(*programs_, [this](std::uint32_t tgid) { (void)Trace(tgid, process::InjectClass::kNever); });
  }
  injecting_ = true;
  programs_->SetNewProcessInjection(ProcEntry::kInject | (fionread_ok_ ? 0 : ProcEntry::kUntilAck));
  return {};
}

Status Tracer::StartOption(const std::string& folder) {
  if (!programs_->option_lacks().empty()) return Error{Code::kUnsupported, programs_->option_lacks()};
  programs_->SetOption(true);
  Injection::OptionUnderTest under_test(*injection_);
  const auto verdict = RunSelfTestInChild(*programs_, under_test, TestedCarrier::kOption, folder);
  programs_->ForgetConnections();
  if (verdict && verdict->harmless) {
    using_option_ = true;
    LOG_INFO("self-test of the TCP option passed", {"questions", std::to_string(verdict->asked)});
    return {};
  }
  programs_->SetOption(false);
  if (!verdict) return Error{verdict.error().code, "its self-test could not run: " + verdict.error().message};
  return Error{Code::kUnsupported, "sockets with it would behave differently on this kernel: " + verdict->differences};
}

Tracer::~Tracer() {
  if (ring_ != nullptr) ring_buffer__free(ring_);
}

int Tracer::OnRecord(void* self, void* data, std::size_t size) {
  auto& tracer = *static_cast<Tracer*>(self);
  const int verdict = ++tracer.drained_ < kMostRecords ? 0 : -ECANCELED;
  const auto& header = *static_cast<const clew_event_header*>(data);
  const std::string_view record(static_cast<const char*>(data), size);
  const bool ours = size >= sizeof(clew_event_header) && header.type == CLEW_EVENT_REENTER;
  if (!ours && !IsWholeRecord(record)) {
    ++tracer.malformed_;
    return verdict;
  }
  ++tracer.records_;
  if (ours) {
    if (tracer.injection_) tracer.injection_->Reenter(header.tgid, header.fd, header.conn >> 32);
    return verdict;
  }
  tracer.sink_->OnEvent(header, record);
  return verdict;
}

Result<int> Tracer::Poll(std::chrono::milliseconds timeout, EventSink& sink) {
  if (drained_ < kMostRecords) {  // else the last drain has left some
    // Only process records and a filling ring end the wait early.
    epoll_event ignored;
    const int wait = static_cast<int>(std::min(timeout, pace_.interval()).count());
    if (epoll_wait(wake_.get(), &ignored, 1, wait) < 0 && errno != EINTR) return ErrnoError("wait for", "ring buffer", errno);
  }
  sink_ = &sink;
  drained_ = 0;
  const int error = ring_buffer__consume(ring_);
  sink_ = nullptr;
  if (error < 0 && error != -ECANCELED) return ErrnoError("read", "ring buffer", -error);
  pace_.Drained(drained_);
  sink.OnDrained();
  const auto now = std::chrono::steady_clock::now();
  if (watch_) watch_->Check(now);
  if (runtimes_) {
    runtimes_->Check(now);
    for (const auto& [tgid, flags] : runtimes_->FollowGrown(now)) {
      if (auto status = AddFlags(tgid, flags); !status) return status.error();
    }
  }
  return drained_;
}

Status Tracer::SetProc(std::uint32_t tgid, const ProcEntry& proc) {
  if (bpf_map_update_elem(programs_->procs_fd(), &tgid, &proc, BPF_ANY) != 0) {
    return ErrnoError("set the tracing of", "process " + std::to_string(tgid), errno);
  }
  return {};
}

Status Tracer::Trace(std::uint32_t tgid, process::InjectClass inject) {
  // What a process runs and what the kernel is told of that are one step: an exec may come between.
  MutexLock lock(trace_mutex_);
  std::uint32_t flags = ProcEntry::kTraced | ProcEntry::kDecided | LanguageFlags(tgid);
  if (runtimes_) flags |= runtimes_->Follow(tgid);
  const bool until_ack = !fionread_ok_ && inject != process::InjectClass::kNever;
  if (injecting_) flags |= ProcEntry::kInject | (until_ack ? ProcEntry::kUntilAck : 0);
  ProcEntry before;
  const bool known = bpf_map_lookup_elem(programs_->procs_fd(), &tgid, &before) == 0;
  const bool decided = known && (before.flags & ProcEntry::kDecided);
  // What it did while it was not traced, nobody has seen.
  const std::uint32_t unseen = before.flags & ProcEntry::kTraced ? 0 : ProcEntry::kFromStart;
  const Status told = known ? programs_->ChangeProc(tgid, flags, (ProcEntry::kDecisions | unseen) & ~flags) : SetProc(tgid, {.flags = flags});
  if (!told) return told;
  // Connections that it has open; again when its rule is eased, be it after an exec or because it was watched, for theirs is too.
  const bool eased = (before.flags & ProcEntry::kUntilAck) != 0 && !until_ack;
  if ((injecting_ || using_option_) && (!decided || eased)) injection_->AdoptProcess(tgid, until_ack);
  if (!watch_) return {};
  if (inject == process::InjectClass::kUnknown) {
    watch_->Watch(tgid);
  } else {
    watch_->Forget(tgid);  // an exec made it something that is known
  }
  return {};
}

Status Tracer::Forked(std::uint32_t tgid, std::uint32_t parent) {
  return runtimes_ ? AddFlags(tgid, runtimes_->FollowChild(tgid, parent)) : Status();
}

Status Tracer::AddFlags(std::uint32_t tgid, std::uint32_t flags) {
  if (flags == 0) return {};
  const Status told = programs_->ChangeProc(tgid, flags, 0);
  if (!told && told.error().code == Code::kNotFound) return {};  // gone already
  return told;
}

// Probes and the watch are put right by Trace, which knows the new program.
void Tracer::Executed(std::uint32_t tgid) {
  if (handback_) handback_->Forget(tgid);
}

void Tracer::Calls(std::uint32_t tgid) {
  if (runtimes_) runtimes_->Wake(tgid);
}

void Tracer::Pools(std::uint32_t tgid) {
  if (handback_) handback_->Follow(tgid);
}

Status Tracer::Exclude(std::uint32_t tgid) { return SetProc(tgid, {}); }

Status Tracer::Forget(std::uint32_t tgid) {
  if (watch_) watch_->Forget(tgid);
  if (runtimes_) runtimes_->Forget(tgid);
  if (handback_) handback_->Forget(tgid);
  bpf_map_delete_elem(programs_->procs_fd(), &tgid);
  return {};
}

std::vector<NamedCounter> Tracer::Counters() const {
  auto counters = ReadCounters(*programs_);
  counters.push_back({"ring_records", "Records read from the ring buffer.", records_});
  counters.push_back({"ring_malformed", "Records that were not as long as their type demands.", malformed_});
  if (runtimes_) {
    for (const NamedCounter& counter : runtimes_->Counters()) counters.push_back(counter);
  }
  if (injection_) {
    counters.push_back({"sockets_adopted", "Connections opened before the agent came and put under injection.", injection_->adopted()});
    counters.push_back({"sockets_adopt_failed", "... and not put there.", injection_->adopt_failed()});
    counters.push_back({"sockets_reentered", "Sockets put back after a large body.", injection_->reentered()});
  }
  return counters;
}

}  // namespace clew::kernel
