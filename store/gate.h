// Lets users in to something that is taken away and replaced from time to time.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/mutex.h"

namespace clew::store {

// Any thread; Close and Open: one.
class Gate {
 public:
  // What is behind the gate stays as long as this.
  class Use {
   public:
    Use(Use&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), generation_(other.generation_) {}
    Use& operator=(Use&&) = delete;
    ~Use() {
      if (gate_ != nullptr) gate_->Leave();
    }
    // Rises whenever what is behind the gate is replaced.
    std::uint64_t generation() const { return generation_; }

   private:
    friend class Gate;
    Use(Gate& gate, std::uint64_t generation) : gate_(&gate), generation_(generation) {}
    Gate* gate_;
    std::uint64_t generation_;
  };

  // Nothing while the gate is closed.
  std::optional<Use> Enter() {
    MutexLock lock(mutex_);
    if (closed_) return std::nullopt;
    ++users_;
    return Use(*this, generation_);
  }
  // Somebody waits for the users to leave.
  bool closed() const { return closed_; }
  // Returns when all users have left.
  void Close() {
    MutexLock lock(mutex_);
    closed_ = true;
    left_.wait(mutex_, [this]() REQUIRES(mutex_) { return users_ == 0; });
  }
  void Open() {
    MutexLock lock(mutex_);
    ++generation_;
    closed_ = false;
  }

 private:
  void Leave() {
    MutexLock lock(mutex_);
    if (--users_ == 0) left_.notify_all();
  }

  Mutex mutex_;
  CondVar left_;
  std::atomic<bool> closed_{false};  // written under mutex_
  std::uint64_t users_ GUARDED_BY(mutex_) = 0;
  std::uint64_t generation_ GUARDED_BY(mutex_) = 0;
};

}  // namespace clew::store
