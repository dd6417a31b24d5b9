// A few threads that help searches. There are as many as are asked for, whatever the number of
// searches: one that finds them busy does its work alone.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace clew::store {

class WorkPool {
 public:
  explicit WorkPool(std::size_t threads);
  ~WorkPool();
  // Calls `work` on the calling thread, and at the same time on every thread of the pool that is
  // free before the caller is done. Returns when all these calls have. `work` must divide what
  // there is to do by itself.
  void Run(const std::function<void()>& work);

 private:
  struct Job {
    const std::function<void()>* work = nullptr;
    std::size_t running = 0;  // on threads of the pool
    std::size_t wanted = 0;   // threads that may still join
  };
  void Serve();

  Mutex mutex_;
  CondVar wake_;
  CondVar done_;
  std::vector<Job*> jobs_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
};

}  // namespace clew::store
