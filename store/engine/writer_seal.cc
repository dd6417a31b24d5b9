// The sealing side of Writer.
#include <algorithm>

#include "base/log.h"
#include "store/engine/writer.h"

namespace clew::store {
namespace {

constexpr std::chrono::seconds kRetry{1};  // after a seal that failed
// Hot rows that a flush took to a table before they were sealed lie there until a compaction, which
// would come late: nothing reads them any more.
constexpr std::uint64_t kMaxDeadHotBytes = 64u << 20;

}  // namespace

bool Writer::MustSeal() const {
  if (hot_.empty()) return false;
  return hot_spans_ >= options_.seal_spans || hot_bytes_ >= options_.seal_bytes ||
         std::chrono::steady_clock::now() - hot_.front().since >= options_.seal_age;
}

void Writer::SealLoop() {
  MutexLock lock(mutex_);
  for (;;) {
    const auto wait =
        hot_.empty()
            ? options_.seal_age
            : std::chrono::ceil<std::chrono::milliseconds>(hot_.front().since + options_.seal_age -
                                                           std::chrono::steady_clock::now());
    wake_.wait_for(mutex_, std::max(wait, std::chrono::milliseconds(1)),
                   [this]() REQUIRES(mutex_) { return stopping_ || MustSeal(); });
    if (stopping_) return;
    if (!MustSeal()) continue;
    mutex_.unlock();
    const Status sealed = SealOnce();
    mutex_.lock();
    if (sealed) {
      seal_error_.reset();
    } else {
      if (!seal_error_) LOG_ERROR("sealing failed", {"error", sealed.error().message});
      seal_error_ = sealed.error();
      wake_.wait_for(mutex_, kRetry, [this]() REQUIRES(mutex_) { return stopping_; });
    }
    room_.notify_all();
  }
}

Status Writer::SealAll() {
  for (;;) {
    {
      MutexLock lock(mutex_);
      if (hot_.empty()) break;
    }
    if (const Status sealed = SealOnce(); !sealed) return sealed;
  }
  return TrimHotTables(0);
}

Status Writer::TrimHotTables(std::uint64_t bytes) {
  std::uint64_t now = 0;
  db_.db().GetIntProperty(db_.hot(), rocksdb::DB::Properties::kTotalSstFilesSize, &now);
  if (now <= bytes) return {};
  if (db_.stopped()) return StoppedError();
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  const rocksdb::Status status = db_.db().CompactRange(options, db_.hot(), nullptr, nullptr);
  return status.ok() ? Status{} : FromRocks("compact hot rows", status);
}

Status Writer::SealOnce() {
  MutexLock one(seal_mutex_);
  HotList chunks;
  SealedTraces earlier;
  std::uint64_t next_segment = 0;
  {
    MutexLock lock(mutex_);
    if (const Status repaired = Repair(); !repaired) return repaired;
    chunks = TakeChunks(earlier);
    next_segment = sealed_.next_segment;
  }
  if (chunks.empty()) return {};
  const auto catalog = visible_.Take().catalog;
  Seal seal = MakeSeal(chunks, earlier, *catalog, next_segment, options_.clock(), options_.seal);
  if (const Status written = Write(chunks, seal); !written) return written;
  return TrimHotTables(kMaxDeadHotBytes);
}

// The oldest chunks, about as much as calls for a seal, and what is sealed of their traces.
HotList Writer::TakeChunks(SealedTraces& earlier) {
  HotList chunks;
  std::size_t spans = 0;
  std::size_t bytes = 0;
  for (const Hot& hot : hot_) {
    if (spans >= options_.seal_spans || bytes >= options_.seal_bytes) break;
    spans += hot.chunk->spans().size();
    bytes += hot.chunk->bytes();
    chunks.push_back(hot.chunk);
    hot.chunk->EachTrace([&](std::span<const SpanRecord* const> trace) REQUIRES(mutex_) {
      const TraceId& id = trace.front()->trace_id;
      if (!late_.contains(id) || earlier.contains(id)) return;
      const TraceState& state = *states_.Find(id);
      earlier[id] = {state.parts, state.sealed};
    });
  }
  return chunks;
}

Status Writer::WriteSealed(rocksdb::WriteBatch& batch, std::string_view operation) {
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const rocksdb::Status status = db_.db().Write(durable, &batch);
  counts_.Commit(status.ok());
  return status.ok() ? Status{} : FromRocks(operation, status);
}

// One atomic write: segments with all that leads to them, and the hot rows gone.
Status Writer::Write(const HotList& chunks, Seal& seal) {
  rocksdb::WriteBatch batch;
  Catalog catalog = *visible_.Take().catalog;
  for (const Seal::Segment& segment : seal.segments) PutSegment(segment, catalog, batch);
  for (const SegmentMeta& meta : seal.widened) PutMeta(meta, catalog, batch);
  for (const auto& [trace, sealed] : seal.traces) {
    batch.Put(db_.trace(), {trace.View().data(), TraceId::kSize}, EncodeParts(sealed.parts));
  }
  const std::uint32_t bucket = seal.segments.front().meta.key.bucket;
  if (const Status put = counts_.Add(bucket, seal.counts, seal.edges, batch); !put) return put;
  db_.forgotten().Spare(bucket);
  batch.DeleteRange(db_.hot(), EncodeHotKey(chunks.front()->sequence()),
                    EncodeHotKey(chunks.back()->sequence() + 1));

  MutexLock lock(mutex_);
  if (const Status repaired = Repair(); !repaired) return repaired;
  Totals totals = sealed_;
  totals.spans += seal.spans;
  totals.traces += seal.new_traces;
  totals.next_segment = seal.segments.back().meta.key.number + 1;
  batch.Put(db_.meta(), {kTotalsKey.data(), kTotalsKey.size()}, Encode(totals));
  // The states change with what queries see; a failure leaves both as they are.
  LateTraces late = late_;
  for (const auto& [trace, sealed] : seal.traces) {
    const TraceState& state = *states_.Find(trace);
    if (state.hot_spans > seal.trace_spans.at(trace)) {
      late[trace] = {sealed.parts, state.start, state.end - state.start};
    } else {
      late.erase(trace);
    }
  }
  const Status written =
      visible_.Seal(chunks.size(), std::move(catalog), std::make_shared<const LateTraces>(late),
                    [&]() -> Status { return WriteSealed(batch, "write segments"); });
  if (!written) {
    failed_ = written.error();
    return written;
  }
  sealed_ = totals;
  late_ = std::move(late);
  Adopt(chunks, seal);
  return {};
}

// The writer's own view of a seal that has been written.
void Writer::Adopt(const HotList& chunks, const Seal& seal) {
  longest_lag_ = std::max(longest_lag_, std::chrono::nanoseconds(std::chrono::steady_clock::now() -
                                                                 hot_.front().since));
  for (const auto& chunk : chunks) {
    hot_spans_ -= chunk->spans().size();
    hot_bytes_ -= chunk->bytes();
  }
  hot_.erase(hot_.begin(), hot_.begin() + static_cast<std::ptrdiff_t>(chunks.size()));
  for (const auto& [trace, sealed] : seal.traces) {
    TraceState& state = *states_.Find(trace);
    if (state.parts.empty()) --hot_new_traces_;
    state.parts = sealed.parts;
    state.sealed = sealed.summary;
    state.hot_spans -= seal.trace_spans.at(trace);
  }
  states_.Trim();
  ++seals_;
  exact_spans_ += seal.exact_spans;
  room_.notify_all();
}

}  // namespace clew::store
