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
    const auto dropped = store_.Retain(policy_, false);
    if (!dropped) {
      LOG_ERROR("retention failed", {"error", dropped.error().message});
    } else if (dropped->segments > 0) {
      LOG_INFO("dropped the oldest spans", {"spans", std::to_string(dropped->spans)},
               {"bytes", std::to_string(dropped->bytes)},
               {"newest_unix_nano", std::to_string(ToUint64(dropped->newest_start))});
    }
    MutexLock lock(mutex_);
    wake_.wait_for(mutex_, kInterval, [this]() REQUIRES(mutex_) { return stopping_; });
    if (stopping_) return;
  }
}

}  // namespace clew::collector
