// Answers the store's questions from the database. Reads see what has been acknowledged, and
// nothing of a write that is under way. Any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "store/rocks_db.h"
#include "store/span_store.h"

namespace clew::store {

// Hands the spans of all fragments of a trace to `each`, in order of arrival, until it returns
// false. A trace that is not there has none. kCorrupt when a fragment cannot be read; those before
// it have been handed out.
Status ReadFragments(RocksDb& db, const TraceId& trace,
                     const std::function<bool(const SpanRecord&)>& each);

// Of SpanStore, by the same names.
Result<std::vector<TraceId>> FindTracesByPrefix(RocksDb& db, const std::string& hex_prefix,
                                                std::size_t limit);
Result<std::vector<ServiceInfo>> ListServices(RocksDb& db);
// Start of the oldest trace; zero without any.
UnixNanos OldestStart(RocksDb& db);

}  // namespace clew::store
