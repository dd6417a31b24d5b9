#include "collector/maintenance.h"

#include <chrono>

#include "base/log.h"

namespace clew::collector {
namespace {

constexpr std::chrono::minutes kInterval{1};

}  // namespace

Maintenance::Maintenance(store::RocksStore& store, const store::RetentionPolicy& policy)
    : store_(store), policy_(policy), thread_([this] { Run(); }) {}

Maintenance::~Maintenance() {
  MutexLock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
}

void Maintenance::Run() {
  for (;;) {
    const auto begin = std::chrono::steady_clock::now();
    const auto retained = store_.Retain(policy_, false);
    if (retained) {
      Log(*retained);
    } else {
      LOG_ERROR("retention failed", {"error", retained.error().message});
    }
    // Between rewritings everything else has its turn, for as long as one took at least.
    std::chrono::nanoseconds pause = kInterval;
    if (retained && retained->more) pause = std::chrono::steady_clock::now() - begin;
    MutexLock lock(mutex_);
    wake_.wait_for(mutex_, pause, [this]() REQUIRES(mutex_) { return stopping_; });
    if (stopping_) return;
  }
}

// One line for whatever many rewritings have done.
void Maintenance::Log(const store::RetentionReport& report) {
  if (report.segments > 0) {
    LOG_INFO("dropped the oldest spans", {"spans", std::to_string(report.spans)},
             {"bytes", std::to_string(report.bytes)},
             {"newest_unix_nano", std::to_string(ToUint64(report.newest_start))});
  }
  sampled_traces_ += report.sampled.traces;
  without_errors_traces_ += report.without_errors.traces;
  if (report.more || sampled_traces_ + without_errors_traces_ == 0) return;
  LOG_INFO("let go of traces by their tier", {"not_in_sample", std::to_string(sampled_traces_)},
           {"without_errors", std::to_string(without_errors_traces_)});
  sampled_traces_ = 0;
  without_errors_traces_ = 0;
}

}  // namespace clew::collector
