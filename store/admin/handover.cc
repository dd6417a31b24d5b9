#include "store/admin/handover.h"

#include <chrono>
#include <utility>

namespace clew::store {
namespace {

constexpr std::size_t kMostUntold = 256;
// How soon it is seen that somebody wants an end: nobody notifies of that.
constexpr std::chrono::milliseconds kPoll{20};

}  // namespace

EachDamage Handover::each() {
  return [this](const Damage& damage) { Put(damage); };
}

Watch Handover::watch() {
  return {[this](const Progress& progress) { Put(progress); }, [this] { return MustEnd(); }};
}

void Handover::Put(const Damage& damage) {
  MutexLock lock(mutex_);
  while (damages_.size() >= kMostUntold && !MustEnd()) changed_.wait_for(mutex_, kPoll);
  if (damages_.size() >= kMostUntold) {
    dropped_ = true;
    return;
  }
  damages_.push_back(damage);
  changed_.notify_all();
}

void Handover::Put(const Progress& progress) {
  MutexLock lock(mutex_);
  progress_ = progress;
  changed_.notify_all();
}

void Handover::Done() {
  MutexLock lock(mutex_);
  done_ = true;
  changed_.notify_all();
}

bool Handover::dropped() const {
  MutexLock lock(mutex_);
  return dropped_;
}

void Handover::Listen(const EachDamage& each, const Watch& watch) {
  struct Leaving {
    Handover& handover;
    ~Leaving() { handover.End(); }
  };
  const Leaving leaving{*this};
  for (;;) {
    std::deque<Damage> damages;
    std::optional<Progress> progress;
    bool done = false;
    {
      MutexLock lock(mutex_);
      changed_.wait_for(mutex_, kPoll, [this]() REQUIRES(mutex_) {
        return done_ || !damages_.empty() || progress_;
      });
      damages.swap(damages_);
      progress.swap(progress_);
      done = done_;
      changed_.notify_all();  // there is room
    }
    for (const Damage& damage : damages) each(damage);
    if (progress && watch.progress) watch.progress(*progress);
    if (done) return;
    if (watch.Cancelled()) End();
  }
}

}  // namespace clew::store
