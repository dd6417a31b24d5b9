// Keeps the store within what is to be kept: looks once a minute, and takes as long as it likes.
#pragma once

#include <cstdint>
#include <thread>

#include "base/mutex.h"
#include "store/rocks_store.h"

namespace clew::collector {

class Maintenance {
 public:
  // `store` must outlive this.
  Maintenance(store::RocksStore& store, const store::RetentionPolicy& policy);
  ~Maintenance();

 private:
  void Run();
  void Log(const store::RetentionReport& report);

  store::RocksStore& store_;
  const store::RetentionPolicy policy_;
  // Traces that went and were not logged yet.
  std::uint64_t sampled_traces_ = 0;
  std::uint64_t without_errors_traces_ = 0;
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace clew::collector
