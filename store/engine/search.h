// Search over a view: the hot spans, then segments in the order in which they can hold the next
// trace, until nothing that is left can be on the page.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "store/engine/aliases.h"
#include "store/engine/segment_cache.h"
#include "store/engine/trace_parts.h"
#include "store/engine/view.h"
#include "store/engine/work_pool.h"
#include "store/query/query.h"

namespace clew::store {

// See SpanStore::Search. What a page shows is the state that the first page of its cursor saw, so
// that traces which move meanwhile are neither listed twice nor missed.
class Searcher {
 public:
  // All must outlive this.
  Searcher(RocksDb& db, SegmentCache& cache, const TraceParts& parts, const Aliases& aliases,
           WorkPool& pool)
      : db_(db), cache_(cache), parts_(parts), aliases_(aliases), pool_(pool) {}
  Result<Page> Search(const View& view, const Query& query, const Budget& budget) const;

 private:
  class Run;
  RocksDb& db_;
  SegmentCache& cache_;
  const TraceParts& parts_;
  const Aliases& aliases_;
  WorkPool& pool_;
};

}  // namespace clew::store
