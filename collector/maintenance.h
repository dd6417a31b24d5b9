// Keeps the store within what is to be kept, once a minute.
#pragma once

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

  store::RocksStore& store_;
  const store::RetentionPolicy policy_;
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace clew::collector
