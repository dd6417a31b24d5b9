// What tiers look at when traces are one: all of them together.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/result.h"
#include "store/engine/aliases.h"
#include "store/engine/trace_parts.h"
#include "store/engine/view.h"
#include "store/summary.h"

namespace clew::store {

struct FamilyStanding {
  std::shared_ptr<const Family> family;
  std::optional<std::uint32_t> newest;  // bucket of its newest spans; nothing: some are not sealed
  // Of its sealed spans. Nothing when some cannot be read.
  std::optional<Summary> summary;
};

// Of the families of one view. One thread. Remembers what it has found, within a bound.
class FamilyStandings {
 public:
  // All must outlive this.
  FamilyStandings(const View& view, const TraceParts& parts, const Aliases& aliases)
      : view_(view), parts_(parts), aliases_(aliases) {}

  // Null for a trace that is alone. Errors: of reading aliases.
  Result<std::shared_ptr<const FamilyStanding>> Of(const TraceId& trace);

 private:
  std::shared_ptr<const FamilyStanding> Ask(Family family);
  bool IsHot(const TraceId& trace, bool has_sealed) const;

  const View& view_;
  const TraceParts& parts_;
  const Aliases& aliases_;
  std::unordered_map<TraceId, std::shared_ptr<const FamilyStanding>> known_;  // by member
};

}  // namespace clew::store
