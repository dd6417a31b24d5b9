// The way of spans into the database: an append is one synced write of what is new in it; sealing
// moves the oldest appends into segments, in the background, in one write each.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"
#include "store/engine/join_writer.h"
#include "store/engine/retention.h"
#include "store/engine/rewrite.h"
#include "store/engine/seal.h"
#include "store/engine/sealed_counts.h"
#include "store/engine/trace_parts.h"
#include "store/engine/trace_states.h"
#include "store/engine/visible.h"
#include "store/fingerprint.h"
#include "store/rocks_db.h"
#include "store/span_store.h"

namespace clew::store {

struct WriterOptions {
  std::string path;                     // of the database, to ask for free space
  std::uint64_t min_free_bytes = 0;     // refuse to write when the disk has less: kExhausted
  std::size_t state_bytes = 64u << 20;  // bound of what is remembered of traces
  // Hot spans are sealed when there are this many, or of so many bytes, or when the oldest of them
  // has waited this long. Appends wait when there are four times as many, or twice as many bytes.
  std::size_t seal_spans = 32'768;
  std::size_t seal_bytes = 20u << 20;
  std::chrono::milliseconds seal_age{60'000};
  SealOptions seal;
  std::function<UnixNanos()> clock = UnixClock::now;
};

struct WriterStats {
  std::uint64_t spans = 0;
  std::uint64_t traces = 0;
  std::uint64_t hot_spans = 0;
  std::uint64_t seals = 0;        // since the start
  std::uint64_t exact_spans = 0;  // since the start: kept by their bytes, not by columns
  std::chrono::nanoseconds longest_seal_lag{0};  // from an append to its segment, since the start
  bool writable = true;  // false: a write has failed; only opening the store again helps
  std::string refusal;   // why an append would be refused now; empty: it would be taken
  JoinCounters joins;    // since the start
};

class Writer {
 public:
  // Reads what is hot. All must outlive the writer. Sealing starts at once.
  static Result<std::unique_ptr<Writer>> Make(RocksDb& db, Visible& visible, SealedCounts& counts,
                                              const TraceParts& parts, SegmentCache& cache,
                                              Aliases& aliases, WriterOptions options);
  // Ends sealing; what is hot stays hot.
  ~Writer();

  // See SpanStore::Append. Any thread; calls wait for each other, and for sealing when it is far
  // behind.
  Status Append(const SpanBatch& batch);
  // Seals everything that is hot now. Any thread.
  Status SealAll();
  // Lets go of the buckets that the policy does not keep, see PlanRetention. Any thread.
  Result<RetentionPlan> Drop(const RetentionPolicy& policy, std::uint64_t free_bytes);
  // Brings some segments of a bucket to the policy's tiers, in one write; see rewrite.h. Any
  // thread; sealing waits for it.
  struct Rewritten {
    RetentionReport report;
    // Of which nothing is left to rewrite, and everything could be read: freeing its space reads
    // it again, and RocksDB stops all writing at what it cannot read.
    std::optional<std::uint32_t> bucket;
  };
  Result<Rewritten> Rewrite(const RetentionPolicy& policy);
  WriterStats stats() const;

 private:
  Writer(RocksDb& db, Visible& visible, SealedCounts& counts, const TraceParts& parts,
         SegmentCache& cache, Aliases& aliases, WriterOptions options);

  Status Load();
  Status ReadHot() REQUIRES(mutex_);
  Status CheckSpace() const;
  // Before a write: none may have failed. Makes good what one that was not begun has left behind.
  Status Repair() REQUIRES(mutex_);
  // No write has failed.
  Status Works() const REQUIRES(mutex_);
  // As an append would find out.
  Status TakesAppends() const REQUIRES(mutex_);
  Status WaitForRoom() REQUIRES(mutex_);
  // The spans of a batch that are new to their traces, what calls they complete and when the
  // earliest of their traces started.
  struct Growth {
    SpanBatch spans;
    std::vector<Call> calls;
    UnixNanos earliest = UnixNanos::max();
  };
  // Adds these spans; the rest is dropped.
  Result<Growth> Grow(const SpanBatch& batch) REQUIRES(mutex_);
  Status WriteHot(Growth growth) REQUIRES(mutex_);
  // Calls that two joined ends are, among those of an append.
  void AddCalls(const std::vector<JoinedCall>& joined, std::vector<Call>& calls) REQUIRES(mutex_);
  Result<TraceState*> StateOf(const View& view, const TraceId& trace) REQUIRES(mutex_);
  Status LoadSealed(const View& view, const TraceId& trace, TraceState& state) REQUIRES(mutex_);
  void Publish(std::uint64_t sequence, Growth growth) REQUIRES(mutex_);
  Status RebuildStates() REQUIRES(mutex_);
  void NoteLate(const SpanBatch& added) REQUIRES(mutex_);
  std::shared_ptr<const LateTraces> CopyLate() REQUIRES(mutex_);

  void SealLoop();
  bool MustSeal() const REQUIRES(mutex_);
  bool HasRoom() const REQUIRES(mutex_);
  Status SealOnce();
  HotList TakeChunks(SealedTraces& earlier) REQUIRES(mutex_);
  Status Write(const HotList& chunks, Seal& seal);
  // These change a catalog and put the same change into a batch.
  void PutMeta(const SegmentMeta& meta, Catalog& catalog, rocksdb::WriteBatch& batch) const;
  void PutSegment(const Seal::Segment& segment, Catalog& catalog, rocksdb::WriteBatch& batch) const;
  void DeleteSegment(const SegmentKey& key, Catalog& catalog, rocksdb::WriteBatch& batch) const;
  // Writes the batch and what counts_ has put into it.
  Status WriteSealed(rocksdb::WriteBatch& batch, std::string_view operation);
  void Adopt(const HotList& chunks, const Seal& seal) REQUIRES(mutex_);
  Result<bool> Write(const TierRewrite& rewrite, const View& view, Catalog& catalog);
  // Deletes the aliases of the families of which the rewrite leaves nothing.
  Status DropFamilies(const TierRewrite& rewrite, const View& view,
                      rocksdb::WriteBatch& batch) const;
  // Whether a trace of these families, all of which are to go, has got spans since the view.
  bool HasGrown(const TierRewrite& rewrite, const View& view) REQUIRES(mutex_);
  // Frees what tables hold of rows that were deleted, when that is more than `bytes`.
  Status TrimHotTables(std::uint64_t bytes);

  RocksDb& db_;
  Visible& visible_;
  SealedCounts& counts_;
  const TraceParts& parts_;
  SegmentCache& cache_;
  const WriterOptions options_;
  Aliases& aliases_;

  Mutex seal_mutex_;  // one seal at a time; taken before mutex_
  std::set<std::uint32_t> damaged_ GUARDED_BY(seal_mutex_);  // buckets, see Rewritten
  mutable Mutex mutex_;
  CondVar wake_;  // the sealer
  CondVar room_;  // appends that wait for it
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::optional<Error> failed_ GUARDED_BY(mutex_);  // a write did not succeed: none is tried again
  bool states_wrong_ GUARDED_BY(mutex_) = false;    // they know of spans that are not there
  std::optional<Error> seal_error_ GUARDED_BY(mutex_);
  Totals sealed_ GUARDED_BY(mutex_);
  std::uint64_t hot_new_traces_ GUARDED_BY(mutex_) = 0;  // without a sealed part
  std::uint64_t seals_ GUARDED_BY(mutex_) = 0;
  std::uint64_t exact_spans_ GUARDED_BY(mutex_) = 0;
  std::chrono::nanoseconds longest_lag_ GUARDED_BY(mutex_){0};

  struct Hot {
    std::shared_ptr<const HotChunk> chunk;
    std::chrono::steady_clock::time_point since;
  };
  std::vector<Hot> hot_ GUARDED_BY(mutex_);  // as visible_ has it
  std::uint64_t hot_spans_ GUARDED_BY(mutex_) = 0;
  std::uint64_t hot_bytes_ GUARDED_BY(mutex_) = 0;
  LateTraces late_ GUARDED_BY(mutex_);
  bool late_changed_ GUARDED_BY(mutex_) = false;
  TraceStates states_ GUARDED_BY(mutex_);
  ServiceNames services_ GUARDED_BY(mutex_);
  std::set<std::uint32_t> hours_ GUARDED_BY(mutex_);
  TraceGrower grower_ GUARDED_BY(mutex_){services_, hours_};
  Fingerprinter fingerprinter_ GUARDED_BY(mutex_);
  JoinWriter joins_ GUARDED_BY(mutex_);

  std::jthread sealer_;  // last: ends before the rest goes
};

}  // namespace clew::store
