// Search over the trace index: newest first, stopping as soon as enough traces match.
#pragma once

#include <vector>

#include "store/rocks_db.h"
#include "store/span_store.h"

namespace clew::store {

// See SpanStore::Search. Sees one consistent state of the database. kExhausted when it has looked
// at kMaxExamined traces without finding enough: an answer cut there would look complete and be
// wrong.
Result<std::vector<TraceSummary>> SearchTraces(RocksDb& db, const TraceQuery& query);

inline constexpr std::size_t kMaxExamined = 1'000'000;

}  // namespace clew::store
