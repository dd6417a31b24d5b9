// Tiers of retention: what is kept of a trace's age. See RetentionPolicy.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "store/engine/segment_meta.h"
#include "store/rocks_store.h"
#include "store/summary.h"

namespace clew::store {

// In the order in which a trace goes through them. DO NOT RENUMBER: on disk.
enum class Tier : std::uint32_t {
  kAll = 0,
  kSample = 1,  // errors, slow ones and a sample
  kErrors = 2,
};

// The oldest bucket that ended no longer than `age` before `now`.
std::uint32_t FirstBucketWithin(UnixNanos now, std::chrono::hours age);

// A policy's tiers at one moment.
class Tiers {
 public:
  Tiers(const RetentionPolicy& policy, UnixNanos now);

  // The tier of what came in a bucket.
  Tier Of(std::uint32_t bucket) const;
  std::uint32_t present() const { return present_; }  // the bucket of now
  // When a trace whose newest spans came in `bucket` leaves its tier: as SegmentMeta::judge_again.
  std::uint32_t EndOfTier(std::uint32_t bucket) const;
  // Whether the segment has to be brought to its tier.
  bool IsDue(const SegmentMeta& meta) const;
  // Whether a trace stays in the store in this tier. The same for an id always; what is in the
  // sample of some per cent is also in every larger one.
  bool Keeps(Tier tier, const TraceId& id, const Summary& trace) const;

 private:
  const RetentionPolicy policy_;
  const std::uint32_t present_;
  const std::int64_t now_hours_;  // rounded up
  const std::uint32_t first_all_;
  const std::uint32_t first_sample_;
};

// Segments of one bucket that are to be rewritten together, in the order in which their spans came:
// at most `most` that are due, and some of fewer than `small_rows` spans that have been, to be
// filled up. None: nothing is due.
std::vector<SegmentKey> NextToRewrite(const Catalog& catalog, const Tiers& tiers, std::size_t most,
                                      std::size_t small_rows);

}  // namespace clew::store
