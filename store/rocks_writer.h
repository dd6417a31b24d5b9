// Puts span batches into the database: one atomic, synced write per batch.
//
// Summaries and index rows are read, changed and written back, so all writes go through here, one
// at a time. What is read is mostly in memory: the traces that grow now. See docs/formats/keys.md
// for what a batch turns into.
#pragma once

#include <rocksdb/write_batch.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/mutex.h"
#include "store/fingerprint.h"
#include "store/keys.h"
#include "store/rocks_db.h"
#include "store/span_store.h"
#include "store/trace_cache.h"

namespace clew::store {

class RocksWriter {
 public:
  struct Options {
    std::string path;                  // of the database, to ask for free space
    std::uint64_t min_free_bytes = 0;  // refuse to write when the disk has less: kExhausted
    std::size_t cache_bytes = 0;       // bound of the trace cache
  };
  // `db` must outlive the writer.
  static Result<std::unique_ptr<RocksWriter>> Make(RocksDb& db, Options options);

  // See SpanStore::Append. Any thread; calls wait for each other.
  Status Append(const SpanBatch& batch);
  Totals totals() const;

 private:
  using Run = std::span<const SpanRecord* const>;  // spans of one trace

  RocksWriter(RocksDb& db, Options options, Totals totals);
  Status CheckSpace() const;
  Status Resume() REQUIRES(mutex_);
  Status Prepare(const SpanBatch& batch) REQUIRES(mutex_);
  Status PrepareTrace(Run spans) REQUIRES(mutex_);
  Result<TraceState*> Load(const TraceId& trace) REQUIRES(mutex_);
  Result<std::vector<std::uint64_t>> LoadFingerprints(const TraceId& trace) REQUIRES(mutex_);
  void PutFragments(Run spans) REQUIRES(mutex_);
  // `moved_from` is the start that the trace's index rows have now, if it has any and they must
  // move.
  void PutIndex(const TraceId& trace, const Summary& summary, std::optional<UnixNanos> moved_from,
                const std::vector<std::string_view>& new_services) REQUIRES(mutex_);
  Status CountService(const SpanRecord& span) REQUIRES(mutex_);
  void PutTotals() REQUIRES(mutex_);

  RocksDb& db_;
  const Options options_;
  mutable Mutex mutex_;
  TraceCache cache_ GUARDED_BY(mutex_);
  Totals totals_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, ServiceTotals> services_ GUARDED_BY(mutex_);  // a cache
  bool failed_ GUARDED_BY(mutex_) = false;  // the last write did not succeed

  // Of the batch that is being prepared; kept for their memory.
  rocksdb::WriteBatch batch_ GUARDED_BY(mutex_);
  std::unordered_set<const std::string*> touched_services_ GUARDED_BY(mutex_);  // keys of services_
  Fingerprinter fingerprinter_ GUARDED_BY(mutex_);
  std::string key_ GUARDED_BY(mutex_);
};

}  // namespace clew::store
