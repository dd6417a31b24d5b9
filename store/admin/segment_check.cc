#include "store/admin/segment_check.h"

#include <algorithm>

#include "store/engine/segment_cache.h"
#include "store/segment/reader.h"
#include "store/segment/term_filter.h"

namespace clew::store {
namespace {

constexpr char kLost[] =
    "what cannot be read of it is lost, all else is answered; restore a backup, or let retention "
    "drop it";
constexpr char kFilterRemedy[] =
    "searches pass over it or fail on it, its traces are found by their ids; restore a backup";
constexpr char kIndexRemedy[] =
    "these traces are found by searches, but not by their ids; restore a backup";
constexpr char kMetaRemedy[] = "searches may pass over it; restore a backup";

}  // namespace

void SegmentCheck::Tell(const SegmentMeta& meta, std::string problem, std::string remedy) const {
  each_({NameOf(meta.key), std::move(problem), std::move(remedy)});
}

SegmentCheck::Found SegmentCheck::Run(const SegmentMeta& meta, std::string bytes,
                                      const std::optional<std::string_view>& filter) const {
  Found found;
  const auto segment = SegmentReader::Open(std::move(bytes));
  if (!segment) {
    Tell(meta, segment.error().message, kLost);
    return found;
  }
  if (const Status whole = (*segment)->Verify(); !whole) {
    Tell(meta, whole.error().message, kLost);
    return found;
  }
  found.spans = (*segment)->rows();
  if (const Status same = CheckMeta(meta, **segment); !same) {
    Tell(meta, same.error().message, kMetaRemedy);
  }
  if (filter) CheckFilter(meta, **segment, *filter);
  const auto indexed = CountIndexed(meta, **segment);
  if (!indexed) {
    Tell(meta, indexed.error().message, kLost);
    return found;
  }
  found.indexed = *indexed;
  found.whole = true;
  return found;
}

Status SegmentCheck::CheckMeta(const SegmentMeta& meta, const SegmentReader& segment) const {
  const auto differs = [](const char* what) {
    return Error{Code::kCorrupt, std::string("its meta says something else: ") + what};
  };
  if (segment.rows() != meta.rows) return differs("number of spans");
  if (segment.traces() != meta.traces) return differs("number of traces");
  const auto times = segment.AllTimes();
  if (!times) return times.error();
  const std::uint64_t earliest = ToUint64(meta.min_start);
  if (std::any_of(times->begin(), times->end(),
                  [&](const SegmentReader::Times& row) { return row.start < earliest; })) {
    return differs("earliest start");
  }
  const auto arrivals = segment.Arrivals();
  if (!arrivals) return arrivals.error();
  for (std::size_t row = 0; row < segment.rows(); ++row) {
    const std::uint64_t arrival = (*arrivals)->At(row);
    if (arrival < meta.first_arrival || arrival > meta.last_arrival) return differs("arrivals");
  }
  return {};
}

void SegmentCheck::CheckFilter(const SegmentMeta& meta, const SegmentReader& segment,
                               std::string_view filter) const {
  const auto opened = TermFilter::Open(filter);
  if (!opened) return Tell(meta, "filter: " + opened.error().message, kFilterRemedy);
  // Verify has read the contexts: they do not throw any more.
  for (const SegmentReader::Context& context : segment.contexts()) {
    if (opened->MayContain(TermHash(TermKind::kService, context.service))) continue;
    return Tell(meta, "filter: does not know a service of the segment", kFilterRemedy);
  }
}

Result<std::uint64_t> SegmentCheck::CountIndexed(const SegmentMeta& meta,
                                                 const SegmentReader& segment) const {
  std::uint64_t indexed = 0;
  std::uint64_t unindexed = 0;
  std::string first;  // what is wrong with the first of them
  rocksdb::PinnableSlice row;
  for (std::size_t i = 0; i < segment.traces(); ++i) {
    const auto trace = segment.TraceAt(i);
    if (!trace) return trace.error();
    const rocksdb::Status read =
        db_.db().Get(options_, db_.trace(), {trace->View().data(), TraceId::kSize}, &row);
    const auto parts = read.ok() ? DecodeParts(row.ToStringView()) : std::nullopt;
    if (parts && std::find(parts->begin(), parts->end(), meta.key) != parts->end()) {
      ++indexed;
    } else if (unindexed++ == 0) {
      first = trace->ToHex() + (read.ok() || read.IsNotFound() ? "" : ", " + read.ToString());
    }
    row.Reset();
  }
  if (unindexed > 0) {
    Tell(meta,
         "no index row leads to " + std::to_string(unindexed) + " of its " +
             std::to_string(segment.traces()) + " traces, the first is " + first,
         kIndexRemedy);
  }
  return indexed;
}

}  // namespace clew::store
