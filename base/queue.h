// A bounded queue between threads. A full queue refuses; the caller drops and counts.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "base/mutex.h"

namespace clew {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // False when full or closed; `item` is then left as it was.
  bool TryPush(T& item) {
    {
      MutexLock lock(mutex_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    ready_.notify_one();
    return true;
  }
  // The oldest item; nothing after `timeout`, or when closed and empty.
  std::optional<T> Pop(std::chrono::nanoseconds timeout) {
    MutexLock lock(mutex_);
    ready_.wait_for(mutex_, timeout, [this]() { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  // No more pushes; what is queued can still be popped.
  void Close() {
    {
      MutexLock lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }
  bool closed() const {
    MutexLock lock(mutex_);
    return closed_;
  }
  std::size_t size() const {
    MutexLock lock(mutex_);
    return items_.size();
  }

 private:
  const std::size_t capacity_;
  mutable Mutex mutex_;
  CondVar ready_;
  std::deque<T> items_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace clew
