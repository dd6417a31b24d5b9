// The way of spans into the database: an append is one synced write of what is new in it; sealing
// moves the oldest appends into segments, in the background, in one write each.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "store/engine/join_writer.h"
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
  // Hot spans are sealed when there are this many, or when the oldest of them has waited this long.
  std::size_t seal_spans = 32'768;
  std::chrono::milliseconds seal_age{60'000};
  SealOptions seal;
};

struct WriterStats {
  std::uint64_t spans = 0;
  std::uint64_t traces = 0;
  std::uint64_t hot_spans = 0;
  std::uint64_t seals = 0;        // since the start
  std::uint64_t exact_spans = 0;  // since the start: kept by their bytes, not by columns
  std::chrono::nanoseconds longest_seal_lag{0};  // from an append to its segment, since the start
  JoinCounters joins;                            // since the start
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
  // Lets go of segments. Any thread.
  Status Drop(const std::vector<SegmentKey>& segments);
  WriterStats stats() const;

 private:
  Writer(RocksDb& db, Visible& visible, SealedCounts& counts, const TraceParts& parts,
         SegmentCache& cache, Aliases& aliases, WriterOptions options);

  Status Load();
  Status ReadHot() REQUIRES(mutex_);
  Status CheckSpace() const;
  // Makes good what a failed write has left behind, before the next one.
  Status Repair() REQUIRES(mutex_);
  Status WaitForRoom() REQUIRES(mutex_);
  // Adds the spans of a batch that are new to their traces; the rest is dropped.
  Result<SpanBatch> Grow(const SpanBatch& batch, std::vector<Call>& calls) REQUIRES(mutex_);
  Status WriteHot(SpanBatch added, std::vector<Call> calls) REQUIRES(mutex_);
  // Calls that two joined ends are, among those of an append.
  void AddCalls(const std::vector<JoinedCall>& joined, std::vector<Call>& calls) REQUIRES(mutex_);
  Result<TraceState*> StateOf(const View& view, const TraceId& trace) REQUIRES(mutex_);
  Status LoadSealed(const View& view, const TraceId& trace, TraceState& state) REQUIRES(mutex_);
  void Publish(std::shared_ptr<const HotChunk> chunk) REQUIRES(mutex_);
  Status RebuildStates() REQUIRES(mutex_);
  void NoteLate(const TraceId& trace, const TraceState& state) REQUIRES(mutex_);
  std::shared_ptr<const LateTraces> CopyLate() REQUIRES(mutex_);

  void SealLoop();
  bool MustSeal() const REQUIRES(mutex_);
  Status SealOnce(std::size_t max_spans);
  HotList TakeChunks(std::size_t max_spans, SealedTraces& earlier) REQUIRES(mutex_);
  Status Write(const HotList& chunks, Seal& seal);
  void Adopt(const HotList& chunks, const Seal& seal) REQUIRES(mutex_);
  // Frees what tables hold of rows that were deleted, when that is more than `bytes`.
  Status TrimHotTables(std::uint64_t bytes);

  RocksDb& db_;
  Visible& visible_;
  SealedCounts& counts_;
  const TraceParts& parts_;
  SegmentCache& cache_;
  const WriterOptions options_;

  Mutex seal_mutex_;  // one seal at a time; taken before mutex_
  mutable Mutex mutex_;
  CondVar wake_;  // the sealer
  CondVar room_;  // appends that wait for it
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool failed_ GUARDED_BY(mutex_) = false;        // the last write did not succeed
  bool states_wrong_ GUARDED_BY(mutex_) = false;  // they know of spans that are not there
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
