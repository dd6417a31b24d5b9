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
  return hot_spans_ >= options_.seal_spans ||
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
    const Status sealed = SealOnce(options_.seal_spans);
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
    if (const Status sealed = SealOnce(options_.seal_spans); !sealed) return sealed;
  }
  return TrimHotTables(0);
}

Status Writer::TrimHotTables(std::uint64_t bytes) {
  std::uint64_t now = 0;
  db_.db().GetIntProperty(db_.hot(), rocksdb::DB::Properties::kTotalSstFilesSize, &now);
  if (now <= bytes) return {};
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  const rocksdb::Status status = db_.db().CompactRange(options, db_.hot(), nullptr, nullptr);
  return status.ok() ? Status{} : FromRocks("compact hot rows", status);
}

Status Writer::SealOnce(std::size_t max_spans) {
  MutexLock one(seal_mutex_);
  HotList chunks;
  SealedTraces earlier;
  std::uint64_t next_segment = 0;
  {
    MutexLock lock(mutex_);
    if (const Status repaired = Repair(); !repaired) return repaired;
    chunks = TakeChunks(max_spans, earlier);
    next_segment = sealed_.next_segment;
  }
  if (chunks.empty()) return {};
  const auto catalog = visible_.Take().catalog;
  Seal seal = MakeSeal(chunks, earlier, *catalog, next_segment, UnixClock::now(), options_.seal);
  if (const Status written = Write(chunks, seal); !written) return written;
  return TrimHotTables(kMaxDeadHotBytes);
}

// The oldest chunks, up to about `max_spans`, and what is sealed of their traces.
HotList Writer::TakeChunks(std::size_t max_spans, SealedTraces& earlier) {
  HotList chunks;
  std::size_t spans = 0;
  for (const Hot& hot : hot_) {
    if (spans >= max_spans) break;
    spans += hot.chunk->spans().size();
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

// One atomic write: segments with all that leads to them, and the hot rows gone.
Status Writer::Write(const HotList& chunks, Seal& seal) {
  rocksdb::WriteBatch batch;
  Catalog catalog = *visible_.Take().catalog;
  const auto put_meta = [&](const SegmentMeta& meta) {
    batch.Put(db_.meta(), MetaKey(meta.key), EncodeSegmentMeta(meta));
    catalog[meta.key] = std::make_shared<const SegmentMeta>(meta);
  };
  for (const Seal::Segment& segment : seal.segments) {
    const std::string key = Encode(segment.meta.key);
    batch.Put(db_.segment(), key, segment.bytes);
    batch.Put(db_.filter(), key, segment.filter);
    put_meta(segment.meta);
  }
  for (const SegmentMeta& meta : seal.widened) put_meta(meta);
  for (const auto& [trace, sealed] : seal.traces) {
    batch.Put(db_.trace(), {trace.View().data(), TraceId::kSize}, EncodeParts(sealed.parts));
  }
  if (const Status put = counts_.Put(seal.counts, seal.edges, batch); !put) return put;
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
  const Status written = visible_.Seal(
      chunks.size(), std::move(catalog), std::make_shared<const LateTraces>(late), [&]() -> Status {
        rocksdb::WriteOptions durable;
        durable.sync = true;
        const rocksdb::Status status = db_.db().Write(durable, &batch);
        counts_.Commit(status.ok());
        return status.ok() ? Status{} : FromRocks("write segments", status);
      });
  if (!written) {
    failed_ = true;
    return written;
  }
  sealed_ = totals;
  late_ = std::move(late);
  Adopt(chunks, seal);
  return {};
}

// The rows of traces in the dropped segments stay until RocksDB rewrites them
// (DropForgottenTraces).
Status Writer::Drop(const std::vector<SegmentKey>& segments) {
  if (segments.empty()) return {};
  MutexLock one(seal_mutex_);
  rocksdb::WriteBatch batch;
  Catalog catalog = *visible_.Take().catalog;
  std::uint64_t spans = 0;
  std::uint64_t traces = 0;
  for (const SegmentKey& key : segments) {
    const auto at = catalog.find(key);
    if (at == catalog.end()) continue;
    spans += at->second->rows;
    traces += at->second->new_traces;
    catalog.erase(at);
    batch.Delete(db_.segment(), Encode(key));
    batch.Delete(db_.filter(), Encode(key));
    batch.Delete(db_.meta(), MetaKey(key));
  }
  const std::uint32_t first =
      catalog.empty() ? segments.back().bucket : catalog.begin()->first.bucket;
  MutexLock lock(mutex_);
  if (const Status repaired = Repair(); !repaired) return repaired;
  Totals totals = sealed_;
  totals.spans -= std::min(totals.spans, spans);
  totals.traces -= std::min(totals.traces, traces);
  batch.Put(db_.meta(), {kTotalsKey.data(), kTotalsKey.size()}, Encode(totals));
  const Status written = visible_.Drop(std::move(catalog), [&]() -> Status {
    rocksdb::WriteOptions durable;
    durable.sync = true;
    const rocksdb::Status status = db_.db().Write(durable, &batch);
    return status.ok() ? Status{} : FromRocks("drop segments", status);
  });
  if (!written) {
    failed_ = true;
    return written;
  }
  sealed_ = totals;
  db_.forgotten().SetFirstBucket(first);
  db_.forgotten_aliases().SetFirstBucket(first);
  states_wrong_ = true;  // they know of spans that are gone
  for (const SegmentKey& key : segments) cache_.Forget(key);
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
