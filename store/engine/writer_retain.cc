// The retaining side of Writer: segments that go, and segments that others take the place of.
#include <algorithm>
#include <unordered_set>

#include "store/engine/writer.h"

namespace clew::store {
namespace {

// Segments that are brought to their tier in one write: sealing waits for it, some tenths of a
// second.
constexpr std::size_t kSegmentsAWrite = 8;

std::uint64_t Plus(std::uint64_t count, std::int64_t change) {
  return change < 0 ? count - std::min(count, static_cast<std::uint64_t>(-change))
                    : count + static_cast<std::uint64_t>(change);
}

}  // namespace

// The rows of traces in the dropped segments stay until RocksDB rewrites them
// (DropForgottenTraces).
Result<RetentionPlan> Writer::Drop(const RetentionPolicy& policy, std::uint64_t free_bytes) {
  MutexLock one(seal_mutex_);
  Catalog catalog = *visible_.Take().catalog;
  RetentionPlan plan = PlanRetention(catalog, policy, options_.clock(), free_bytes);
  if (plan.drop.empty() && !counts_.HasCallsBefore(plan.first_bucket)) return plan;
  rocksdb::WriteBatch batch;
  if (const Status put = counts_.Drop(plan.buckets, plan.first_bucket, batch); !put) {
    return put.error();
  }
  // Spans are sealed in the order in which they come, so that nothing that came before stays.
  std::uint64_t next_arrival = 0;
  for (const SegmentKey& key : plan.drop) {
    next_arrival = std::max(next_arrival, catalog.at(key)->last_arrival + 1);
    DeleteSegment(key, catalog, batch);
  }
  aliases_.PutForgotten(next_arrival, batch);
  MutexLock lock(mutex_);
  if (const Status repaired = Repair(); !repaired) return repaired.error();
  // Rows of buckets before it are taken away for good: it must not be beyond the present hour.
  std::uint32_t first = 0;
  if (!plan.drop.empty()) first = plan.drop.back().bucket;
  if (!catalog.empty()) first = catalog.begin()->first.bucket;
  Totals totals = sealed_;
  totals.spans -= std::min(totals.spans, plan.report.spans);
  totals.traces -= std::min(totals.traces, plan.report.traces);
  batch.Put(db_.meta(), {kTotalsKey.data(), kTotalsKey.size()}, Encode(totals));
  const Status written = visible_.Replace(std::move(catalog), nullptr,
                                          [&] { return WriteSealed(batch, "drop segments"); });
  if (!written) {
    failed_ = written.error();
    return written.error();
  }
  sealed_ = totals;
  hours_ = counts_.hours();
  db_.forgotten().SetFirstBucket(first);
  aliases_.NoteForgotten(next_arrival);
  if (!plan.drop.empty()) states_wrong_ = true;  // they know of spans that are gone
  for (const SegmentKey& key : plan.drop) cache_.Forget(key);
  return plan;
}

Result<Writer::Rewritten> Writer::Rewrite(const RetentionPolicy& policy) {
  MutexLock one(seal_mutex_);  // the catalog stays as it is
  const View view = visible_.Take();
  const Tiers tiers(policy, options_.clock());
  const auto next = [&](const Catalog& catalog) {
    return NextToRewrite(catalog, tiers, kSegmentsAWrite, options_.seal.rows / 2);
  };
  const std::vector<SegmentKey> inputs = next(*view.catalog);
  if (inputs.empty()) return Rewritten{};
  std::uint64_t next_segment = 0;
  {
    MutexLock lock(mutex_);
    if (const Status repaired = Repair(); !repaired) return repaired.error();
    next_segment = sealed_.next_segment;
  }
  const TierRewrite rewrite =
      MakeTierRewrite(view, parts_, aliases_, cache_, tiers, inputs, next_segment, options_.seal);
  Catalog catalog = *view.catalog;
  Rewritten rewritten;
  rewritten.report.more = true;
  const auto written = Write(rewrite, view, catalog);
  if (!written) return written.error();
  if (!*written) return rewritten;  // they are judged again
  rewritten.report = rewrite.report;
  const std::vector<SegmentKey> left = next(catalog);
  rewritten.report.more = !left.empty();
  if (rewrite.damaged) damaged_.insert(rewrite.bucket);
  const bool finished = left.empty() || left.front().bucket != rewrite.bucket;
  if (finished && !damaged_.contains(rewrite.bucket)) rewritten.bucket = rewrite.bucket;
  return rewritten;
}

// One atomic write: the new segments with all that leads to them, and the old ones gone. False: a
// trace that was to go has got new spans, and nothing was done. `catalog`: what it was, and
// becomes.
Result<bool> Writer::Write(const TierRewrite& rewrite, const View& view, Catalog& catalog) {
  rocksdb::WriteBatch batch;
  std::int64_t spans = 0;
  std::int64_t traces = 0;
  for (const SegmentKey& key : rewrite.gone) {
    spans -= catalog.at(key)->rows;
    traces -= catalog.at(key)->new_traces;
    DeleteSegment(key, catalog, batch);
  }
  for (const Seal::Segment& segment : rewrite.segments) {
    spans += segment.meta.rows;
    traces += segment.meta.new_traces;
    PutSegment(segment, catalog, batch);
  }
  for (const SegmentMeta& meta : rewrite.stamped) PutMeta(meta, catalog, batch);
  for (const auto& [trace, parts] : rewrite.dropped) {
    const rocksdb::Slice row(trace.View().data(), TraceId::kSize);
    if (parts.empty()) {
      batch.Delete(db_.trace(), row);
    } else {
      batch.Put(db_.trace(), row, EncodeParts(parts));
    }
  }
  for (const auto& [trace, parts] : rewrite.moved) {
    batch.Put(db_.trace(), {trace.View().data(), TraceId::kSize}, EncodeParts(parts));
  }
  const Status put = counts_.Subtract(rewrite.bucket, rewrite.counts, batch);
  if (!put) return put.error();
  if (const Status gone = DropFamilies(rewrite, view, batch); !gone) return gone.error();

  MutexLock lock(mutex_);
  if (const Status repaired = Repair(); !repaired) return repaired.error();
  if (HasGrown(rewrite, view)) return false;
  LateTraces late = late_;
  for (auto& [trace, of] : late) {
    if (rewrite.dropped.contains(trace)) return false;
    const auto at = rewrite.moved.find(trace);
    if (at != rewrite.moved.end()) of.parts = at->second;
  }
  Totals totals = sealed_;
  totals.spans = Plus(totals.spans, spans);
  totals.traces = Plus(totals.traces, traces);
  totals.next_segment += rewrite.segments.size();
  batch.Put(db_.meta(), {kTotalsKey.data(), kTotalsKey.size()}, Encode(totals));
  const Status written = visible_.Replace(catalog, std::make_shared<const LateTraces>(late), [&] {
    return WriteSealed(batch, "write rewritten segments");
  });
  if (!written) {
    failed_ = written.error();
    return written.error();
  }
  sealed_ = totals;
  late_ = std::move(late);
  for (const auto& [trace, unused] : rewrite.dropped) states_.Erase(trace);
  for (const auto& [trace, parts] : rewrite.moved) {
    if (TraceState* const state = states_.Find(trace)) state->parts = parts;
  }
  states_.Trim();
  for (const SegmentKey& key : rewrite.gone) cache_.Forget(key);
  return true;
}

Status Writer::DropFamilies(const TierRewrite& rewrite, const View& view,
                            rocksdb::WriteBatch& batch) const {
  for (const auto& [unused, family] : rewrite.families) {
    bool left = false;
    for (const FamilyMember& member : *family) {
      const auto dropped = rewrite.dropped.find(member.trace);
      if (dropped != rewrite.dropped.end()) {
        left = left || !dropped->second.empty();
        continue;
      }
      const auto parts = parts_.SealedParts(view, member.trace);
      if (!parts) return parts.error();
      left = left || !parts->empty();
    }
    if (!left) DeleteAliases(db_, *family, batch);
  }
  return {};
}

bool Writer::HasGrown(const TierRewrite& rewrite, const View& view) {
  if (rewrite.families.empty()) return false;
  std::unordered_set<TraceId> members;
  for (const auto& [unused, family] : rewrite.families) {
    for (const FamilyMember& member : *family) members.insert(member.trace);
  }
  for (auto hot = hot_.rbegin(); hot != hot_.rend(); ++hot) {
    if (hot->chunk->sequence() <= view.sequence) break;
    for (const SpanRecord& span : hot->chunk->spans()) {
      if (members.contains(span.trace_id)) return true;
    }
  }
  return false;
}

void Writer::PutMeta(const SegmentMeta& meta, Catalog& catalog, rocksdb::WriteBatch& batch) const {
  batch.Put(db_.meta(), MetaKey(meta.key), EncodeSegmentMeta(meta));
  catalog[meta.key] = std::make_shared<const SegmentMeta>(meta);
}

void Writer::PutSegment(const Seal::Segment& segment, Catalog& catalog,
                        rocksdb::WriteBatch& batch) const {
  const std::string key = Encode(segment.meta.key);
  batch.Put(db_.segment(), key, segment.bytes);
  batch.Put(db_.filter(), key, segment.filter);
  PutMeta(segment.meta, catalog, batch);
}

void Writer::DeleteSegment(const SegmentKey& key, Catalog& catalog,
                           rocksdb::WriteBatch& batch) const {
  catalog.erase(key);
  batch.Delete(db_.segment(), Encode(key));
  batch.Delete(db_.filter(), Encode(key));
  batch.Delete(db_.meta(), MetaKey(key));
}

}  // namespace clew::store
