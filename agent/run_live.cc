#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "agent/capabilities.h"
#include "agent/kernel/recorder.h"
#include "agent/kernel/tracer.h"
#include "agent/metrics.h"
#include "agent/pipeline.h"
#include "agent/process/process_table.h"
#include "agent/process/resource_codec.h"
#include "agent/run.h"
#include "agent/selection.h"
#include "base/http/status_server.h"
#include "base/log.h"

namespace clew::agent {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kPollTimeout{100};  // how long a signal may wait
constexpr std::chrono::seconds kClockInterval{60};
constexpr int kMaxLastPolls = 100;  // what came in while we stop; a busy node never runs dry

kernel::TracerOptions TracerOptionsOf(const AgentConfig& config) {
  kernel::TracerOptions options;
  if (config.capture == "socket") options.capture = kernel::Capture::kSocket;
  if (config.capture == "syscall") options.capture = kernel::Capture::kSyscall;
  if (config.inject == "on") options.inject = kernel::InjectMode::kOn;
  if (config.inject == "off") options.inject = kernel::InjectMode::kOff;
  for (const std::string& cgroup : config.cgroups)
    options.cgroups.push_back(SplitName(cgroup).word);
  options.attach_cgroups = config.attach_cgroups;
  options.decide_first = !config.exclude_exes.empty();
  std::vector<std::string> errors;  // none: the configuration was checked
  options.skip_ports = SkipPortsOf(config, errors);
  options.sample_ratio = config.sample_ratio;
  options.started_threads = config.started_threads == "on";
  options.ring_bytes = config.ring_bytes;
  options.runtimes = RuntimesOf(config, errors);
  options.runtime_rest = config.runtime_rest;
  return options;
}

process::ProcessTableOptions TableOptionsOf(const AgentConfig& config,
                                            const process::ProcFs& proc) {
  process::ProcessTableOptions options;
  std::vector<std::string> errors;  // none: the configuration was checked
  options.selectors = SelectorsOf(config, proc.Cgroup2Mount().value_or(""), errors);
  options.inject_names = InjectNamesOf(config);
  options.self = static_cast<std::uint32_t>(getpid());
  options.max_processes = config.max_processes;
  return options;
}

// Everything between the tracer and the collector, while tracing.
class LiveAgent final : public process::ResourceObserver {
 public:
  LiveAgent(const AgentConfig& config, std::unique_ptr<kernel::Tracer> tracer)
      : config_(config),
        tracer_(std::move(tracer)),
        processes_(proc_, process::HostInfo::Read(), TableOptionsOf(config, proc_), *tracer_, this),
        pipeline_(config, ClockSync::Measure(), processes_, processes_, KernelClock::now) {}

  Status Start() {
    if (!config_.record.empty()) {
      const kernel::RecordingHeader header{.clock_offset = ClockSync::Measure().offset(),
                                           .boot_id = process::HostInfo::Read().boot_id};
      auto recorder = kernel::Recorder::Make(config_.record, header, pipeline_.entry());
      if (!recorder) return recorder.error();
      recorder_ = std::move(*recorder);
    }
    if (auto scanned = processes_.Scan(); !scanned) return scanned.error();
    scanner_ = std::jthread([this](std::stop_token stop) { ScanUntil(stop); });
    if (config_.metrics_listen.empty()) return {};
    auto server = http::StartStatusServer({.listen = config_.metrics_listen,
                                           .metrics = [this]() { return Metrics(); },
                                           .trouble = []() { return std::string(); }});
    if (!server) return server.error();
    metrics_ = std::move(*server);
    LOG_INFO("metrics", {"listen", metrics_->address()});
    return {};
  }

  // Until `stop`, or an error of the ring.
  Status Trace(const StopFlag& stop) {
    SteadyClock::time_point clock_due = SteadyClock::now() + kClockInterval;
    while (!stop) {
      if (auto polled = tracer_->Poll(kPollTimeout, entry()); !polled) return polled.error();
      if (SteadyClock::now() < clock_due) continue;
      clock_due = SteadyClock::now() + kClockInterval;
      pipeline_.SetClock(ClockSync::Measure());
    }
    return {};
  }

  // Takes the hooks out, drains, sends what is left.
  void Finish() {
    metrics_.reset();
    scanner_.request_stop();
    if (scanner_.joinable()) scanner_.join();
    for (int i = 0; i < kMaxLastPolls; ++i) {
      const auto polled = tracer_->Poll(milliseconds(1), entry());
      if (!polled || *polled == 0) break;
    }
    const bool delivered = pipeline_.Finish(config_.shutdown_timeout);
    LOG_INFO("stopped", {"delivered", delivered ? "all" : "not all"});
  }

  void OnResource(std::uint32_t tgid, const span::Resource& resource) override {
    if (recorder_) recorder_->WriteProcess(tgid, process::EncodeResource(resource));
  }

 private:
  kernel::EventSink& entry() {
    return recorder_ ? static_cast<kernel::EventSink&>(*recorder_) : pipeline_.entry();
  }

  void ScanUntil(const std::stop_token& stop) {
    Mutex mutex;
    CondVar wake;
    while (!stop.stop_requested()) {
      {
        MutexLock lock(mutex);
        wake.wait_for(mutex, stop, config_.scan_interval, []() { return false; });
      }
      if (stop.stop_requested()) return;
      if (auto scanned = processes_.Scan(); !scanned)
        LOG_WARN("scan of /proc failed", {"error", scanned.error().message});
      processes_.Expire();
    }
  }

  std::string Metrics() const {
    std::vector<NamedCounter> counters = tracer_->Counters();
    const auto append = [&counters](const std::vector<NamedCounter>& more) {
      counters.insert(counters.end(), more.begin(), more.end());
    };
    append(pipeline_.Counters());
    append(processes_.Counters());
    if (recorder_) append(recorder_->Counters());
    return RenderMetrics(
        counters, {{"processes", "Processes that are traced now", processes_.size()},
                   {"spans_pending", "Spans that are not delivered yet", pipeline_.pending()},
                   {"injecting", "1 when requests get a traceparent header",
                    tracer_->injecting() ? 1u : 0u}});
  }

  const AgentConfig& config_;
  const process::ProcFs proc_;
  std::unique_ptr<kernel::Tracer> tracer_;
  process::ProcessTable processes_;
  Pipeline pipeline_;
  std::unique_ptr<kernel::Recorder> recorder_;
  std::jthread scanner_;
  std::unique_ptr<http::StatusServer> metrics_;
};

}  // namespace

int RunLive(const AgentConfig& config, const StopFlag& stop) {
  // First of all: it forks for its self-test, so there may be no thread yet.
  auto tracer = kernel::Tracer::Make(TracerOptionsOf(config));
  if (!tracer) {
    const Error& error = tracer.error();
    LOG_ERROR("cannot trace", {"error", error.code == Code::kDenied ? ExplainDenied(error.message)
                                                                    : error.message});
    return kExitFailed;
  }
  LiveAgent agent(config, std::move(*tracer));
  if (auto started = agent.Start(); !started) {
    LOG_ERROR("cannot start", {"error", started.error().message});
    return kExitFailed;
  }
  sd_notify(0, "READY=1");
  LOG_INFO("ready", {"version", CLEW_VERSION}, {"endpoint", config.endpoints[0]});
  const Status traced = agent.Trace(stop);
  sd_notify(0, "STOPPING=1");
  agent.Finish();
  if (traced) return kExitOk;
  LOG_ERROR("tracing ended", {"error", traced.error().message});
  return kExitFailed;
}

}  // namespace clew::agent
