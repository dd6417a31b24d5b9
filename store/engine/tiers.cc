#include "store/engine/tiers.h"

#include <xxhash.h>

#include <algorithm>
#include <limits>

namespace clew::store {
namespace {

constexpr std::size_t kMaxSmall = 4;  // segments to be filled up at a time

std::uint32_t ToBucket(std::int64_t hours) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(hours, 0, std::numeric_limits<std::uint32_t>::max()));
}

std::int64_t HoursUp(UnixNanos time) {
  return std::chrono::ceil<std::chrono::hours>(time.time_since_epoch()).count();
}

// The id's place in an order that has nothing to do with how ids are made: some are sampled by
// their ids before they come here.
bool InSample(const TraceId& id, std::uint32_t percent) {
  if (percent >= 100) return true;
  constexpr std::uint64_t kPercent = std::numeric_limits<std::uint64_t>::max() / 100;
  return XXH3_64bits(id.bytes.data(), id.bytes.size()) < kPercent * percent;
}

}  // namespace

std::uint32_t FirstBucketWithin(UnixNanos now, std::chrono::hours age) {
  // The bucket of hour h ends with it.
  return ToBucket(HoursUp(now) - age.count() - 1);
}

Tiers::Tiers(const RetentionPolicy& policy, UnixNanos now)
    : policy_(policy),
      present_(ToBucket(std::chrono::floor<std::chrono::hours>(now.time_since_epoch()).count())),
      now_hours_(HoursUp(now)),
      first_all_(policy.keep_all.count() > 0 ? FirstBucketWithin(now, policy.keep_all) : 0),
      first_sample_(FirstBucketWithin(now, policy.keep_sample)) {}

Tier Tiers::Of(std::uint32_t bucket) const {
  if (bucket >= first_all_) return Tier::kAll;
  return policy_.keep_sample.count() > 0 && bucket >= first_sample_ ? Tier::kSample : Tier::kErrors;
}

std::uint32_t Tiers::EndOfTier(std::uint32_t bucket) const {
  const auto age = Of(bucket) == Tier::kAll ? policy_.keep_all : policy_.keep_sample;
  return ToBucket(std::int64_t{bucket} + 1 + age.count());
}

bool Tiers::IsDue(const SegmentMeta& meta) const {
  if (policy_.keep_all.count() == 0) return false;
  if (static_cast<std::uint32_t>(Of(meta.key.bucket)) > meta.tier) return true;
  return meta.judge_again != 0 && now_hours_ > meta.judge_again;
}

bool Tiers::Keeps(Tier tier, const TraceId& id, const Summary& trace) const {
  if (tier == Tier::kAll || trace.error_count > 0) return true;
  if (tier == Tier::kErrors) return false;
  if (policy_.slow.count() > 0 && trace.end - trace.start >= policy_.slow) return true;
  return InSample(id, policy_.sample_percent);
}

std::vector<SegmentKey> NextToRewrite(const Catalog& catalog, const Tiers& tiers, std::size_t most,
                                      std::size_t small_rows) {
  const auto is_due = [&](const auto& entry) { return tiers.IsDue(*entry.second); };
  const auto first = std::find_if(catalog.begin(), catalog.end(), is_due);
  if (first == catalog.end()) return {};
  const std::uint32_t bucket = first->first.bucket;
  const auto tier = static_cast<std::uint32_t>(tiers.Of(bucket));
  std::vector<SegmentKey> keys;
  std::size_t due = 0;
  std::size_t small = 0;
  for (auto at = catalog.lower_bound({bucket, 0});
       at != catalog.end() && at->first.bucket == bucket; ++at) {
    if (is_due(*at)) {
      if (due++ < most) keys.push_back(at->first);
    } else if (at->second->tier == tier && at->second->rows < small_rows && small++ < kMaxSmall) {
      keys.push_back(at->first);
    }
  }
  // Parts of a trace are neighbours then.
  std::sort(keys.begin(), keys.end(), [&](const SegmentKey& a, const SegmentKey& b) {
    return catalog.at(a)->first_arrival < catalog.at(b)->first_arrival;
  });
  return keys;
}

}  // namespace clew::store
