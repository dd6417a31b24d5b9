// Gives the space of segments that are gone back to the disk, once nobody can see them any more.
#pragma once

#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "store/rocks_db.h"

namespace clew::store {

// Any thread.
class FreedSpace {
 public:
  explicit FreedSpace(RocksDb& db) : db_(db) {}
  // Segments from `first` to `last` have been taken out of the database. `all`: none is left there.
  void Add(const SegmentKey& first, const SegmentKey& last, bool all);
  // Frees what no view sees that was taken before; the rest waits for the next call, and with an
  // error so does what was not freed.
  Status Free();

 private:
  struct Range {
    SegmentKey first;
    SegmentKey last;
    bool all = false;
    std::uint64_t sequence = 0;  // RocksDB's, since when they are gone
  };
  Status Free(const Range& range);

  RocksDb& db_;
  Mutex mutex_;
  std::vector<Range> ranges_ GUARDED_BY(mutex_);
};

}  // namespace clew::store
