// Traces that are one: who belongs to whom, and the spans of one as they stand in the whole.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "store/join/alias.h"
#include "store/span_record.h"

namespace clew::store {

// A trace of a family. The alias of the top is empty.
struct FamilyMember {
  TraceId trace;
  Alias alias;
};
// The top first, every other trace behind the one that it belongs to; at most kMaxFamily.
using Family = std::vector<FamilyMember>;

// The family of `trace` as of `horizon`: made of the aliases of appends up to it. A trace without
// aliases is alone in it.
Result<Family> FamilyOf(const TraceId& trace, std::uint64_t horizon, const AliasReader& reader);

// Makes a span of `member` one of the whole, whose id is `top`: it gets that trace id, and the root
// of the alias its parent, with clew.link.method and clew.link.confidence.
void AdoptSpan(const TraceId& top, const FamilyMember& member, SpanRecord& span);

}  // namespace clew::store
