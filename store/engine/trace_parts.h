// The parts of one trace, in segments and hot, and what they say together.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "store/engine/segment_cache.h"
#include "store/engine/view.h"
#include "store/rocks_store.h"
#include "store/summary.h"

namespace clew::store {

// Any thread.
class TraceParts {
 public:
  // Both must outlive this.
  TraceParts(RocksDb& db, SegmentCache& cache) : db_(db), cache_(cache) {}

  // The segments that hold spans of the trace, oldest first; those that were dropped are left out.
  Result<std::vector<SegmentKey>> SealedParts(const View& view, const TraceId& trace) const;

  // Summary of the trace as of `horizon`: of the spans that appends up to it brought. Nothing
  // without any.
  Result<std::optional<Summary>> SummaryOf(const View& view, const TraceId& trace,
                                           std::uint64_t horizon) const;
  // The same of its sealed spans only, when its parts are known. Some of them may have been
  // dropped.
  Result<Summary> SealedSummary(const View& view, const TraceId& trace,
                                std::vector<SegmentKey> parts, std::uint64_t horizon) const;

  // Whether `holds` for a span of the trace that appends up to `horizon` brought.
  Result<bool> AnySpan(const View& view, const TraceId& trace, std::uint64_t horizon,
                       const std::function<bool(const SpanRecord&)>& holds) const;

  // The spans of all the traces in one order. Memory: 24 bytes a span, and some thousand whole
  // ones. The cursor must not outlive this.
  Result<std::unique_ptr<TraceCursor>> Open(View view, const std::vector<TraceId>& traces) const;

 private:
  struct Place;
  class Merge;
  RocksDb& db_;
  SegmentCache& cache_;
};

// Folds the spans of one part into a summary, on top of the trace's base there if `with_base`.
Status FoldPart(const SegmentReader& segment, std::size_t trace, bool with_base,
                std::uint64_t horizon, Summary& summary);

// Hot spans of a trace that came up to `horizon`.
void FoldHot(const View& view, const TraceId& trace, std::uint64_t horizon, Summary& summary);

}  // namespace clew::store
