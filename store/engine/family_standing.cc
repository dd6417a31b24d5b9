#include "store/engine/family_standing.h"

#include <algorithm>
#include <utility>

namespace clew::store {
namespace {

constexpr std::size_t kMaxKnown = 64 * 1024;  // traces

}  // namespace

Result<std::shared_ptr<const FamilyStanding>> FamilyStandings::Of(const TraceId& trace) {
  if (!aliases_.any()) return std::shared_ptr<const FamilyStanding>();
  const auto known = known_.find(trace);
  if (known != known_.end()) return known->second;
  auto family = aliases_.Of(view_, trace, view_.sequence);
  if (!family) return family.error();
  if (family->size() == 1) return std::shared_ptr<const FamilyStanding>();
  if (known_.size() + family->size() > kMaxKnown) known_.clear();
  auto standing = Ask(*std::move(family));
  for (const FamilyMember& member : *standing->family) known_[member.trace] = standing;
  return standing;
}

std::shared_ptr<const FamilyStanding> FamilyStandings::Ask(Family family) {
  auto standing = std::make_shared<FamilyStanding>();
  standing->newest = 0;
  standing->summary.emplace();
  for (const FamilyMember& member : family) {
    const auto parts = parts_.SealedParts(view_, member.trace);
    if (IsHot(member.trace, parts && !parts->empty())) standing->newest.reset();
    const auto summary = parts ? parts_.SealedSummary(view_, member.trace, *parts, view_.sequence)
                               : Result<Summary>(parts.error());
    if (!summary) {
      standing->summary.reset();
      continue;
    }
    if (standing->summary) standing->summary->Merge(*summary);
    for (const SegmentKey& part : *parts) {
      if (standing->newest) standing->newest = std::max(*standing->newest, part.bucket);
    }
  }
  standing->family = std::make_shared<const Family>(std::move(family));
  return standing;
}

// Traces with sealed and hot spans are known; only the few without sealed ones are looked for.
bool FamilyStandings::IsHot(const TraceId& trace, bool has_sealed) const {
  if (has_sealed) return view_.late->contains(trace);
  return std::any_of(view_.hot->begin(), view_.hot->end(),
                     [&](const auto& chunk) { return !chunk->Of(trace).empty(); });
}

}  // namespace clew::store
