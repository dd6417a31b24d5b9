// Brings segments of one bucket to the bucket's tier: traces that it does not keep are left out,
// and what remains is put together in as few segments as it takes. Nothing here writes: it makes
// what the writer then writes in one step.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "store/engine/judge.h"
#include "store/engine/seal.h"
#include "store/engine/segment_cache.h"

namespace clew::store {

struct TierRewrite {
  std::uint32_t bucket = 0;
  std::vector<SegmentKey> gone;
  std::vector<Seal::Segment> segments;  // in their place
  std::vector<SegmentMeta> stamped;     // of segments that stay as they are, in their tier now
  // Sealed parts, in their order, of the traces in them: what is left of those that go, which is in
  // other segments, and all of those that moved.
  std::unordered_map<TraceId, std::vector<SegmentKey>> dropped;
  std::unordered_map<TraceId, std::vector<SegmentKey>> moved;
  // Families whose traces go, by their tops. Some of their spans may be in other segments still.
  std::unordered_map<TraceId, std::shared_ptr<const Family>> families;
  Counts counts;         // of the spans that go
  bool damaged = false;  // a segment could not be read
  RetentionReport report;
};

// `inputs`: as NextToRewrite gives them, of the view's catalog. Segments are numbered from
// `next_segment`. A segment that cannot be read stays as it is, so that it is asked once only.
// Memory: a segment that is read, and up to three that are made, with their spans as they came.
TierRewrite MakeTierRewrite(const View& view, const TraceParts& parts, const Aliases& aliases,
                            const SegmentCache& cache, const Tiers& tiers,
                            const std::vector<SegmentKey>& inputs, std::uint64_t next_segment,
                            const SealOptions& options);

}  // namespace clew::store
