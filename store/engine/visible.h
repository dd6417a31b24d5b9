// What queries see of the store: changed by the writer and the sealer in one step each, taken by
// queries as a whole.
#pragma once

#include <functional>
#include <memory>

#include "base/mutex.h"
#include "store/engine/view.h"
#include "store/rocks_db.h"

namespace clew::store {

// Any thread.
class Visible {
 public:
  // `catalog`: the segments that the database has.
  Visible(RocksDb& db, Catalog catalog);

  View Take() const;
  // The same; calls `also` while nothing can become visible, to take something along with the view.
  View Take(const std::function<void()>& also) const;
  // A durable append becomes visible. `late` is null when it has not changed.
  void Append(std::shared_ptr<const HotChunk> chunk, std::shared_ptr<const LateTraces> late);
  // Calls `write`, which takes segments out of the database, or puts others in their place, as
  // below. `late` is null when it has not changed.
  Status Replace(Catalog catalog, std::shared_ptr<const LateTraces> late,
                 const std::function<Status()>& write);
  // Calls `write`, which puts segments into the database and takes the oldest `sealed` chunks out
  // of it, while nobody takes a view. When it succeeds the views to come see the same.
  Status Seal(std::size_t sealed, Catalog catalog, std::shared_ptr<const LateTraces> late,
              const std::function<Status()>& write);

 private:
  RocksDb& db_;
  mutable Mutex mutex_;
  std::shared_ptr<const HotList> hot_ GUARDED_BY(mutex_);
  std::shared_ptr<const Catalog> catalog_ GUARDED_BY(mutex_);
  std::shared_ptr<const LateTraces> late_ GUARDED_BY(mutex_);
  std::uint64_t sequence_ GUARDED_BY(mutex_) = 0;
};

}  // namespace clew::store
