// The counts of everything that is sealed. Rows of the family `default` have them by the hour in
// which spans came, so that they go with the spans; memory has their sum.
#pragma once

#include <rocksdb/write_batch.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/engine/counts.h"
#include "store/engine/edges.h"
#include "store/engine/view.h"
#include "store/rocks_db.h"

namespace clew::store {

// Reading: any thread. Changing: one thread after the other; a change that is not followed by
// Commit is given up.
class SealedCounts {
 public:
  explicit SealedCounts(RocksDb& db) : db_(db) {}
  // Sums the rows up. kCorrupt names a row whose key or counts cannot be read; of calls, of which
  // only the first of each hour and bucket is looked at, the key.
  Status Load();

  // These put the rows that change into the batch. Errors: reading those rows.
  // Spans and calls that are sealed in `bucket`. All edges must be of that bucket.
  Status Add(std::uint32_t bucket, const Counts& counts, const Edges& edges,
             rocksdb::WriteBatch& batch);
  // Spans that a bucket loses. Their calls stay: they did happen.
  Status Subtract(std::uint32_t bucket, const Counts& counts, rocksdb::WriteBatch& batch);
  // All that came in `buckets`, and the calls that came before the bucket `first_calls`.
  Status Drop(const std::set<std::uint32_t>& buckets, std::uint32_t first_calls,
              rocksdb::WriteBatch& batch);
  // What was put has been written (or not: then it is forgotten).
  void Commit(bool written);

  // A copy of all, for what is hot to be merged into.
  Counts All() const;
  // Hours that have calls. Not while they change.
  std::set<std::uint32_t> hours() const;
  bool HasCallsBefore(std::uint32_t bucket) const;
  // Adds the calls of hours `first` to `last` that the view sees.
  Status AddEdges(const View& view, std::uint32_t first, std::uint32_t last,
                  CallTotals& totals) const;

 private:
  Result<const Counts*> Bucket(std::uint32_t bucket);
  Result<const Edges*> Hour(std::uint32_t hour, std::uint32_t bucket);
  void PutRows(std::uint32_t bucket, const Counts& counts, rocksdb::WriteBatch& batch) const;
  Status PutEdges(const Edges& edges, rocksdb::WriteBatch& batch);

  RocksDb& db_;
  mutable Mutex mutex_;
  Counts counts_ GUARDED_BY(mutex_);  // of all buckets
  // Which hours have calls that came in a bucket.
  std::map<std::uint32_t, std::set<std::uint32_t>> call_hours_;
  // Those that were changed lately, whole.
  std::map<std::uint32_t, Counts> recent_buckets_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Edges> recent_hours_;  // by hour, bucket
  // What becomes of all of them when it has been written.
  std::vector<std::function<void()>> pending_;
};

}  // namespace clew::store
