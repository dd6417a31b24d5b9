#include <algorithm>
#include <chrono>
#include <thread>
#include <unordered_map>

#include "agent/kernel/replay_source.h"
#include "agent/pipeline.h"
#include "agent/process/resource_codec.h"
#include "agent/run.h"
#include "base/log.h"

namespace clew::agent {
namespace {

constexpr std::uint64_t kSmallestQueue = 16384;

// The processes as the recording tells of them; their own records say nothing more.
class RecordedProcesses final : public kernel::ProcessMetadataSink,
                                public span::ResourceLookup,
                                public conn::ProcessEventSink {
 public:
  void OnProcessMetadata(std::uint32_t tgid, std::string_view metadata) override {
    auto resource = process::DecodeResource(metadata);
    if (!resource || (resources_.size() >= kMaxProcesses && resources_.count(tgid) == 0)) {
      LOG_WARN("a process of the recording is left out", {"pid", std::to_string(tgid)});
      return;
    }
    resources_[tgid] = std::make_shared<const span::Resource>(std::move(*resource));
  }
  std::shared_ptr<const span::Resource> Lookup(std::uint32_t tgid) override {
    const auto found = resources_.find(tgid);
    return found == resources_.end() ? unknown_ : found->second;
  }
  void OnProcess(const clew_proc_event&) override {}

 private:
  static constexpr std::size_t kMaxProcesses = 65536;
  std::unordered_map<std::uint32_t, std::shared_ptr<const span::Resource>> resources_;
  const std::shared_ptr<const span::Resource> unknown_ = std::make_shared<const span::Resource>(
      span::Resource{.attributes = {{"service.name", std::string("unknown_service")}},
                     .service_name = "unknown_service"});
};

}  // namespace

int RunReplay(const AgentConfig& given, const StopFlag& stop) {
  AgentConfig config = given;
  // One poll must fit into what is left at the mark below.
  config.queue_spans = std::max(config.queue_spans, kSmallestQueue);
  RecordedProcesses processes;
  auto source = kernel::ReplaySource::Open(config.replay, processes);
  if (!source) {
    LOG_ERROR("cannot replay", {"error", source.error().message});
    return kExitFailed;
  }
  Pipeline pipeline(config, ClockSync((*source)->header().clock_offset), processes, processes,
                    /*now=*/nullptr);
  LOG_INFO("replaying", {"file", config.replay}, {"endpoint", config.endpoints[0]});
  std::uint64_t events = 0;
  int status = kExitOk;
  while (!stop) {
    // A file is read faster than a collector writes: it waits, so that nothing is dropped.
    if (pipeline.pending() > config.queue_spans / 2) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    const auto polled = (*source)->Poll(std::chrono::milliseconds(0), pipeline.entry());
    if (polled) {
      events += static_cast<std::uint64_t>(*polled);
      continue;
    }
    if (polled.error().code != Code::kNotFound) {
      LOG_ERROR("the replay ends early", {"error", polled.error().message});
      status = kExitFailed;
    }
    break;
  }
  if (!pipeline.Finish(config.shutdown_timeout)) {
    LOG_ERROR("not all spans of the replay were delivered; is the collector there?",
              {"endpoint", config.endpoints[0]});
    status = kExitFailed;
  }
  std::uint64_t sent = 0;
  for (const NamedCounter& counter : pipeline.Counters())
    sent += counter.name == "spans_sent" ? counter.value : 0;
  LOG_INFO("replayed", {"events", std::to_string(events)}, {"spans", std::to_string(sent)});
  return status;
}

}  // namespace clew::agent
