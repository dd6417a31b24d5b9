// Which spans of a segment fulfil all conditions of a query, asked column by column: a text that
// many spans have is compared once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/query/predicate.h"
#include "store/segment/reader.h"
#include "store/segment/term_filter.h"

namespace clew::store {

// A flag for each row. The predicates are of spans (not IsOfTrace); without any all rows match.
Result<std::vector<std::uint8_t>> MatchRows(const SegmentReader& segment,
                                            std::span<const Predicate> predicates);

// A query's conditions made ready for the filters of many segments.
class FilterQuery {
 public:
  // The predicates must live as long as this.
  explicit FilterQuery(std::span<const Predicate> predicates);
  // False: no span of the segment can match.
  bool MayMatch(const TermFilter& filter) const;

 private:
  // At least one of the terms must be there. `range`: a comparison by number that some number under
  // `range_key` must be able to fulfil, unless resources have the key too, of which no range is
  // kept.
  struct Need {
    std::vector<std::uint64_t> any_of;
    const Predicate* range = nullptr;
    std::uint64_t range_key = 0;
    std::uint64_t resource_key = 0;
  };
  std::vector<Need> needs_;
};

}  // namespace clew::store
