#include "store/engine/retention.h"

#include <algorithm>

#include "store/engine/tiers.h"
#include "store/join/rows.h"

namespace clew::store {

RetentionPlan PlanRetention(const Catalog& catalog, const RetentionPolicy& policy, UnixNanos now,
                            std::uint64_t free_bytes) {
  std::uint64_t bytes = 0;
  for (const auto& [unused, meta] : catalog) bytes += meta->bytes;
  const std::uint64_t too_many =
      policy.max_bytes > 0 && bytes > policy.max_bytes ? bytes - policy.max_bytes : 0;
  const std::uint64_t too_few =
      policy.min_free_bytes > free_bytes ? policy.min_free_bytes - free_bytes : 0;
  const std::uint64_t to_free = std::max(too_many, too_few);

  RetentionPlan plan;
  if (policy.max_age.count() > 0) plan.first_bucket = FirstBucketWithin(now, policy.max_age);
  RetentionReport& report = plan.report;
  for (auto at = catalog.begin(); at != catalog.end();) {
    const std::uint32_t bucket = at->first.bucket;
    if (bucket >= plan.first_bucket && report.bytes >= to_free) {
      plan.first_bucket = bucket;
      break;
    }
    plan.buckets.insert(bucket);
    plan.first_bucket = std::max(plan.first_bucket, bucket + 1);
    for (; at != catalog.end() && at->first.bucket == bucket; ++at) {
      const SegmentMeta& meta = *at->second;
      plan.drop.push_back(at->first);
      report.bytes += meta.bytes;
      report.spans += meta.rows;
      report.traces += meta.new_traces;
      report.newest_start = std::max(report.newest_start, meta.max_start);
    }
  }
  report.segments = plan.drop.size();
  return plan;
}

bool DropForgottenTraces::Filter(int, const rocksdb::Slice&, const rocksdb::Slice& value,
                                 std::string*, bool*) const {
  const auto parts = DecodeParts(value.ToStringView());
  const std::uint32_t first = first_bucket_;
  return parts && std::all_of(parts->begin(), parts->end(),
                              [first](const SegmentKey& key) { return key.bucket < first; });
}

bool DropForgottenAliases::Filter(int, const rocksdb::Slice& key, const rocksdb::Slice& value,
                                  std::string*, bool*) const {
  const auto sequence = SequenceOfAliasRow(key.ToStringView(), value.ToStringView());
  return sequence && *sequence < first_sequence_;
}

}  // namespace clew::store
