// Group commit: one thread writes what all requests have brought since its last write, with one
// sync for all of them.
//
// While one group is being synced the next one gathers, so the sync costs a busy collector almost
// nothing and an idle one only its own time. Nothing is answered before its group is on disk.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "collector/counters.h"
#include "store/span_store.h"

namespace clew::pipeline {

class Committer {
 public:
  // How a batch ended: stored and durable, or why not. Called once, on the committer's thread; must
  // not block.
  using Done = std::function<void(const Status&)>;

  // `store` and `counters` must outlive the committer.
  Committer(store::SpanStore& store, collector::Counters& counters);
  // As Stop.
  ~Committer();

  // Takes the batch; `done` hears of it. After Stop it hears kUnavailable at once. How much may
  // wait is the caller's business (ByteBudget). Any thread.
  void Submit(store::SpanBatch batch, Done done);
  // Writes what has been submitted, answers all of it, and ends. Any thread; the second call does
  // nothing.
  void Stop();

 private:
  struct Pending {
    store::SpanBatch batch;
    std::size_t bytes = 0;  // of its spans, as ContextBytes
    Done done;
  };
  void Run();
  void Commit(std::vector<Pending> group);

  store::SpanStore& store_;
  collector::Counters& counters_;
  Mutex mutex_;
  CondVar wake_;
  std::vector<Pending> pending_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  Mutex join_mutex_;
  std::thread thread_ GUARDED_BY(join_mutex_);
};

}  // namespace clew::pipeline
