#include "store/engine/work_pool.h"

#include <algorithm>

namespace clew::store {

WorkPool::WorkPool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Serve(); });
}

WorkPool::~WorkPool() {
  MutexLock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
}

void WorkPool::Run(const std::function<void()>& work) {
  Job job{&work, 0, threads_.size()};
  {
    MutexLock lock(mutex_);
    jobs_.push_back(&job);
  }
  wake_.notify_all();
  work();
  MutexLock lock(mutex_);
  std::erase(jobs_, &job);
  done_.wait(mutex_, [&] { return job.running == 0; });
}

void WorkPool::Serve() {
  MutexLock lock(mutex_);
  for (;;) {
    wake_.wait(mutex_, [this]() REQUIRES(mutex_) { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job& job = *jobs_.front();
    if (--job.wanted == 0) jobs_.erase(jobs_.begin());
    ++job.running;
    mutex_.unlock();
    (*job.work)();
    mutex_.lock();
    if (--job.running == 0) done_.notify_all();
  }
}

}  // namespace clew::store
