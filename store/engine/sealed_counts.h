// The counts of everything that is sealed: in memory, and as rows of the family `default`.
#pragma once

#include <rocksdb/write_batch.h>

#include <memory>
#include <set>

#include "base/mutex.h"
#include "store/engine/counts.h"
#include "store/engine/edges.h"
#include "store/engine/view.h"
#include "store/rocks_db.h"

namespace clew::store {

// Reading: any thread. Put and Commit: the sealer, one after the other.
class SealedCounts {
 public:
  explicit SealedCounts(RocksDb& db) : db_(db) {}
  // Reads services and keys, and which hours have calls.
  Status Load();

  // Puts the rows that change with `counts` and `edges` into the batch. Errors: reading those rows.
  Status Put(const Counts& counts, const Edges& edges, rocksdb::WriteBatch& batch);
  // What was put has been written (or not: then it is forgotten).
  void Commit(bool written);

  // A copy of all, for what is hot to be merged into.
  Counts All() const;
  const std::set<std::uint32_t>& hours() const { return hours_; }  // as loaded
  // Adds the calls of hours `first` to `last` that the view sees.
  Status AddEdges(const View& view, std::uint32_t first, std::uint32_t last,
                  CallTotals& totals) const;

 private:
  Status PutEdges(const Edges& edges, rocksdb::WriteBatch& batch);
  Result<Edges*> Hour(std::uint32_t hour);

  RocksDb& db_;
  mutable Mutex mutex_;
  Counts counts_ GUARDED_BY(mutex_);
  std::set<std::uint32_t> hours_;
  std::map<std::uint32_t, Edges> recent_;  // hours that were written lately, whole
  // What Put has made, for Commit.
  Counts pending_;
  Edges pending_edges_;
};

}  // namespace clew::store
