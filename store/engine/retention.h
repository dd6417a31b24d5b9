// What is kept: whole buckets go, oldest first. A bucket is an hour in which spans were sealed.
#pragma once

#include <rocksdb/compaction_filter.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "store/engine/segment_meta.h"
#include "store/rocks_store.h"

namespace clew::store {

// The segments that the policy lets go of, and what they are. `now`: of the store's clock;
// `free_bytes`: of the disk.
struct RetentionPlan {
  std::vector<SegmentKey> drop;
  std::set<std::uint32_t> buckets;  // of those
  // Nothing that came before this bucket is kept, nor what was counted of it.
  std::uint32_t first_bucket = 0;
  RetentionReport report;
};
RetentionPlan PlanRetention(const Catalog& catalog, const RetentionPolicy& policy, UnixNanos now,
                            std::uint64_t free_bytes);

// Takes rows of the family `trace` away whose parts have all been dropped, when RocksDB rewrites
// them anyway: until then readers pass over them.
class DropForgottenTraces final : public rocksdb::CompactionFilter {
 public:
  // Buckets before it hold nothing any more. Any thread.
  void SetFirstBucket(std::uint32_t bucket) { first_bucket_ = bucket; }
  // Something is to come into this bucket, which may be before that one when the clock was set
  // back. Not while another thread sets either.
  void Spare(std::uint32_t bucket) {
    first_bucket_ = std::min<std::uint32_t>(first_bucket_, bucket);
  }
  bool Filter(int level, const rocksdb::Slice& key, const rocksdb::Slice& value,
              std::string* new_value, bool* value_changed) const override;
  const char* Name() const override { return "clew.DropForgottenTraces"; }

 private:
  std::atomic<std::uint32_t> first_bucket_{0};
};

// The same for rows of the family `alias`, of appends of which nothing is stored any more.
class DropForgottenAliases final : public rocksdb::CompactionFilter {
 public:
  // Nothing that came before this append is stored. Any thread.
  void SetFirstSequence(std::uint64_t sequence) { first_sequence_ = sequence; }
  bool Filter(int level, const rocksdb::Slice& key, const rocksdb::Slice& value,
              std::string* new_value, bool* value_changed) const override;
  const char* Name() const override { return "clew.DropForgottenAliases"; }

 private:
  std::atomic<std::uint64_t> first_sequence_{0};
};

}  // namespace clew::store
