// The first traces of an order behind a cursor, collected from wherever they are found.
#pragma once

#include <cstddef>
#include <set>

#include "base/mutex.h"
#include "store/query/cursor.h"
#include "store/query/query.h"

namespace clew::store {

// Any thread.
class PageBuilder {
 public:
  // `query` and `budget` must outlive this.
  PageBuilder(const Query& query, const Budget& budget, const Cursor& cursor)
      : query_(query), memory_(budget.memory_bytes), cursor_(cursor) {}

  // False: neither a trace at this place nor one behind it can be on the page, or tell whether
  // there is a next page.
  bool Reaches(const Place& place) const;
  // False: no trace at this place can.
  bool Wants(const Place& place) const {
    return Precedes(query_.order, cursor_.after, place) && Reaches(place);
  }
  void Offer(const Place& place, TraceSummary summary);
  // The page, when all traces have been offered.
  Page Finish() const;
  // The page when only the traces before `bound` have certainly been offered (kNewest), or some
  // (kSlowest).
  Page FinishPartial(const Place& bound, Partial why) const;

 private:
  struct Found {
    Place place;
    TraceSummary summary;
  };

  const Query& query_;
  const std::size_t memory_;
  const Cursor cursor_;
  mutable Mutex mutex_;
  // One more than the page holds: it says that there is a next one.
  std::set<Found, ByPlace> found_ GUARDED_BY(mutex_){ByPlace{query_.order}};
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
  std::size_t limit_ GUARDED_BY(mutex_) = query_.limit;  // smaller when memory is short
};

}  // namespace clew::store
