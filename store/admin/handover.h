// Lets a long operation tell what it finds without waiting for a listener longer than it may: the
// operation runs in a thread of its own, and between the two there is room for so much and no more.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <optional>

#include "base/mutex.h"
#include "store/admin/reports.h"
#include "store/admin/watch.h"

namespace clew::store {

// Of one operation, its thread and that of its listener.
class Handover {
 public:
  // `leave`: true when the operation has to end whoever listens; any thread.
  explicit Handover(std::function<bool()> leave) : leave_(std::move(leave)) {}

  // For the operation. Damages wait for room until it has to end, then they are dropped. Of
  // progress only the last is kept.
  EachDamage each();
  Watch watch();
  void Done();

  // For the listener: hands over until the operation is done. Both callbacks, and the question
  // whether to go on, are this thread's only. With an exception of theirs the operation has to end.
  void Listen(const EachDamage& each, const Watch& watch);
  void End() { ended_ = true; }
  // A damage has been dropped. Once the operation is done.
  bool dropped() const;

 private:
  bool MustEnd() const { return ended_ || leave_(); }
  void Put(const Damage& damage);
  void Put(const Progress& progress);

  const std::function<bool()> leave_;
  std::atomic<bool> ended_{false};
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Damage> damages_ GUARDED_BY(mutex_);
  std::optional<Progress> progress_ GUARDED_BY(mutex_);
  bool dropped_ GUARDED_BY(mutex_) = false;
  bool done_ GUARDED_BY(mutex_) = false;
};

// What `run` answers, which is called in another thread, with what takes the places of `each` and
// `watch` there. It returns soon after `leave` has become true, however long `each` and the
// progress take; this function only when they have returned, too. Errors: those of `run`, and that
// of a cancelled watch when not all damages could be told.
template <typename Run>
auto RunApart(const EachDamage& each, const Watch& watch, std::function<bool()> leave, Run run)
    -> decltype(run(each, watch)) {
  Handover handover(std::move(leave));
  if (watch.Cancelled()) handover.End();
  std::future running = std::async(std::launch::async, [&handover, &run] {
    struct Last {
      Handover& handover;
      ~Last() { handover.Done(); }  // also with an exception, which get() throws again
    };
    const Last last{handover};
    return run(handover.each(), handover.watch());
  });
  handover.Listen(each, watch);
  auto answer = running.get();
  if (answer && handover.dropped()) return CancelledError();
  return answer;
}

}  // namespace clew::store
