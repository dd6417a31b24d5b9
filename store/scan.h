// Answers by looking at every span: what each question means, written down as code. Stores that
// have indexes are compared with it.
#pragma once

#include <functional>
#include <span>

#include "store/query/cursor.h"
#include "store/span_store.h"

namespace clew::store {

// A trace with all its spans, at least one.
struct ScannedTrace {
  std::span<const SpanRecord> spans;
  Place place;  // where the order has it: as of the horizon of the search
  // Of all the traces that it is one with; null: of itself. These come one behind the other, callers
  // first.
  const TraceSummary* whole = nullptr;
};
// Calls `each` with every trace until it returns false.
using TraceSource = std::function<Status(const std::function<bool(const ScannedTrace&)>& each)>;

// `spans`: at least one. The trace is named by its earliest root, without one by its earliest span;
// ties go by id, service, name.
TraceSummary Summarize(std::span<const SpanRecord> spans);

// See SpanStore, by the same names. `cursor` is the decoded one of the query (its horizon goes into
// the next one); a first page begins with one that says `horizon` only.
Result<Page> ScanSearch(const TraceSource& source, const Query& query, const Budget& budget,
                        const Cursor& cursor);
Result<std::vector<ServiceInfo>> ScanServices(const TraceSource& source);
Result<Listing<OperationInfo>> ScanOperations(const TraceSource& source,
                                              const std::string& service);
Result<Listing<AttributeKeyInfo>> ScanAttributeKeys(const TraceSource& source);
// Exact quantiles, and the range as it was asked for.
Result<DependencyGraph> ScanDependencies(const TraceSource& source, UnixNanos start_min,
                                         UnixNanos start_max);

// A place before every other one.
inline Cursor FirstCursor(std::uint64_t horizon) {
  return {.after = {.start = UnixNanos::max(), .duration = std::chrono::nanoseconds::max()},
          .horizon = horizon};
}

}  // namespace clew::store
