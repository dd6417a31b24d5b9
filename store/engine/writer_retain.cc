// The retaining side of Writer: segments that go, and segments that others take the place of.
#include <algorithm>

#include "store/engine/writer.h"

namespace clew::store {

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
  for (const SegmentKey& key : plan.drop) {
    catalog.erase(key);
    batch.Delete(db_.segment(), Encode(key));
    batch.Delete(db_.filter(), Encode(key));
    batch.Delete(db_.meta(), MetaKey(key));
  }
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
    failed_ = true;
    return written.error();
  }
  sealed_ = totals;
  hours_ = counts_.hours();
  db_.forgotten().SetFirstBucket(first);
  if (!plan.drop.empty()) states_wrong_ = true;  // they know of spans that are gone
  for (const SegmentKey& key : plan.drop) cache_.Forget(key);
  return plan;
}

}  // namespace clew::store
