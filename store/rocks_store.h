// The span store on RocksDB. Layout on disk: docs/formats/keys.md and docs/formats/segment.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/admin/reports.h"
#include "store/admin/watch.h"
#include "store/span_store.h"

namespace rocksdb {
class Env;
}

namespace clew::store {

struct RocksStoreOptions {
  std::string path;                             // directory, created when it is not there
  std::uint64_t min_free_bytes = 256ull << 20;  // refuse to write below this much free disk space
  // What is remembered of traces that may still grow. Others are read again when they do.
  std::size_t state_bytes = 64ull << 20;
  std::size_t segment_cache_bytes = 64ull << 20;  // opened segments
  // Spans wait for their segment until there are so many of them, or so long.
  std::size_t seal_spans = 32'768;
  std::chrono::milliseconds seal_age{60'000};
  std::size_t segment_rows = 8192;  // spans of a segment, at most
  std::size_t search_threads = 2;   // of one search, the caller's among them
  rocksdb::Env* env = nullptr;      // null: the system's files; tests make it fail
  std::function<UnixNanos()> clock = UnixClock::now;  // by which spans come and age
  // After a failed write: how often the disk is tried again.
  std::chrono::milliseconds recovery_interval{1000};
};

// What is kept. Ages are since a span was sealed, by the store's clock, in whole hours. Zero: no
// bound. Whole hours of arrival go, oldest first; before that an hour goes through tiers, in which
// traces are judged one by one: each when the newest of its spans is old enough, and as a whole.
struct RetentionPolicy {
  std::chrono::hours max_age{0};
  std::uint64_t max_bytes = 0;       // of all segments
  std::uint64_t min_free_bytes = 0;  // of the disk: with less, the oldest are shed
  // All traces are kept up to this age. Zero: there are no tiers.
  std::chrono::hours keep_all{0};
  // Then, up to this age, those with an error, those that took `slow` or longer, and
  // `sample_percent` of the others, chosen by their ids. Then only those with an error. Zero: they
  // are the only ones from the start.
  std::chrono::hours keep_sample{0};
  std::uint32_t sample_percent = 0;
  std::chrono::nanoseconds slow{0};  // zero: none is slow
};
// What went, or would go.
struct RetentionReport {
  std::uint64_t segments = 0;
  std::uint64_t spans = 0;
  std::uint64_t traces = 0;  // whose first spans are among them
  std::uint64_t bytes = 0;
  UnixNanos newest_start{};  // of a trace among them
  // Taken out of hours that stay.
  struct Tier {
    std::uint64_t spans = 0;
    std::uint64_t traces = 0;  // whose first spans are among them
    std::uint64_t bytes = 0;   // roughly: their share of the segments that they are in
  };
  Tier sampled;                 // neither with errors, nor slow, nor of the sample
  Tier without_errors;          // too old for anything else
  std::uint64_t rewritten = 0;  // segments that were looked into for that
  bool more = false;            // there is more to rewrite
};

// The spans of one trace, some thousand at a time. Between two calls of Next it holds nothing of
// the database: a reader may take any time.
class TraceCursor {
 public:
  virtual ~TraceCursor() = default;
  // Those that come next in order of start, then id; none behind the last. kNotFound: there are
  // none at all; kCorrupt: a part cannot be read, told behind everything that can; kUnavailable:
  // the rest has been dropped meanwhile, or the store was opened again.
  virtual Result<SpanBatch> Next() = 0;
};

// The store with what only those ask who keep it.
//
// After a failed write (a disk that errs, a full one) it refuses appends with kUnavailable or
// kExhausted, goes on answering questions, and tries the disk from time to time. When that is well
// again it closes the database and opens it again: meanwhile everything answers kUnavailable.
class RocksStore : public SpanStore {
 public:
  // The cursor must not outlive the store.
  virtual Result<std::unique_ptr<TraceCursor>> OpenTrace(const TraceId& trace) = 0;
  Status ReadTrace(const TraceId& trace,
                   const std::function<bool(const SpanRecord&)>& each) override;
  // Seals everything that is stored now and not sealed yet.
  virtual Status Seal() = 0;
  struct Health {
    std::uint64_t hot_spans = 0;  // not sealed yet
    std::uint64_t segments = 0;
    std::uint64_t seals = 0;        // since the start
    std::uint64_t exact_spans = 0;  // since the start: kept by their bytes, not by columns
    std::chrono::nanoseconds longest_seal_lag{0};  // from an append to its segment, since the start
    bool writable = true;       // false: writing has failed, and has not been made good yet
    std::string refusal;        // why an append would be refused now; empty: it would be taken
    std::uint64_t reopens = 0;  // since the start, after failed writes
  };
  virtual Health GetHealth() = 0;
  // Lets go of what the policy does not keep; with `dry_run` only says what that is. Questions that
  // are being answered still see it. Segments are rewritten for their tier some at a time: with
  // `more` in the answer, it is to be called again.
  virtual Result<RetentionReport> Retain(const RetentionPolicy& policy, bool dry_run) = 0;
  // See store/admin: CheckDatabase, MakeBackup, CompactDatabase, CollectDetails. Spans are written
  // and read meanwhile.
  virtual Result<CheckReport> Check(const EachDamage& each, const Watch& watch) = 0;
  virtual Result<BackupReport> Backup(const std::string& destination, const Watch& watch) = 0;
  virtual Result<CompactReport> Compact(const Watch& watch) = 0;
  virtual Result<StoreDetails> Details() = 0;
};

// Opens or creates the store; one process at a time can. Errors: kUnavailable (in use, names by
// whom), kUnsupported (written by another version), kDenied, kExhausted, kCorrupt. The destructor
// writes memory out, so that the next start is quick; nothing depends on it being run.
Result<std::unique_ptr<RocksStore>> OpenRocksStore(const RocksStoreOptions& options);

}  // namespace clew::store
