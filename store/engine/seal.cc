#include "store/engine/seal.h"

#include <algorithm>

#include "store/context_bytes.h"
#include "store/segment/encoder.h"

namespace clew::store {
namespace {

constexpr std::chrono::hours kPast{2};
constexpr std::chrono::minutes kFuture{10};

class Sealer {
 public:
  Sealer(const SealedTraces& earlier, const Catalog& catalog, std::uint64_t next_segment,
         UnixNanos now, const SealOptions& options)
      : earlier_(earlier),
        catalog_(catalog),
        now_(now),
        options_(options),
        key_{static_cast<std::uint32_t>(
                 std::chrono::duration_cast<std::chrono::hours>(now.time_since_epoch()).count()),
             next_segment} {}

  Seal Run(const HotList& chunks) {
    SpanCounter counter(seal_.counts);
    for (const auto& chunk : chunks) {
      AddCalls(chunk->calls(), key_.bucket, seal_.edges);
      for (const SpanRecord& span : chunk->spans()) {
        counter.Add(span);
        rows_.push_back({&span, chunk->sequence()});
      }
    }
    counter.Finish();
    seal_.spans = rows_.size();
    for (const TraceRows& trace : SortTraces()) AddTrace(trace);
    EndSegment();
    WidenAll();
    return std::move(seal_);
  }

 private:
  using TraceRows = std::span<const SegmentRow>;  // spans of one trace

  // Runs of one trace each, by the start of the trace.
  std::vector<TraceRows> SortTraces() {
    std::sort(rows_.begin(), rows_.end(), [](const SegmentRow& a, const SegmentRow& b) {
      return a.span->trace_id != b.span->trace_id ? a.span->trace_id < b.span->trace_id
                                                  : StartsBefore(*a.span, *b.span);
    });
    std::vector<TraceRows> runs;
    for (std::size_t begin = 0; begin < rows_.size();) {
      std::size_t end = begin;
      while (end < rows_.size() && rows_[end].span->trace_id == rows_[begin].span->trace_id) ++end;
      runs.emplace_back(rows_.data() + begin, end - begin);
      begin = end;
    }
    std::sort(runs.begin(), runs.end(), [](const TraceRows& a, const TraceRows& b) {
      const SpanRecord& first = *a.front().span;
      const SpanRecord& second = *b.front().span;
      return first.start != second.start ? first.start < second.start
                                         : first.trace_id < second.trace_id;
    });
    return runs;
  }

  void AddTrace(TraceRows trace) {
    const int its_class = ClassOfStart(trace.front().span->start, now_);
    const bool fits = encoder_.rows() + trace.size() <= options_.rows &&
                      encoder_.bytes() < options_.bytes && its_class == class_;
    if (!fits) EndSegment();
    class_ = its_class;
    const TraceId& id = trace.front().span->trace_id;
    SealedTrace& sealed = seal_.traces[id];
    if (const auto at = earlier_.find(id); at != earlier_.end()) sealed = at->second;
    seal_.trace_spans[id] = trace.size();
    seal_.new_traces += sealed.parts.empty() ? 1 : 0;
    while (!trace.empty()) {
      const std::size_t count = PartSize(trace);
      AddPart(trace.first(count), sealed);
      trace = trace.subspan(count);
      if (!trace.empty()) EndSegment();
    }
  }

  // As many spans as a segment takes.
  std::size_t PartSize(TraceRows trace) const {
    std::size_t count = 0;
    std::size_t bytes = encoder_.bytes();
    ContextBytes weigh;
    while (count < trace.size() && count < options_.rows &&
           (count == 0 || bytes < options_.bytes)) {
      bytes += weigh.Add(*trace[count].span);
      ++count;
    }
    return count;
  }

  void AddPart(TraceRows part, SealedTrace& sealed) {
    const bool has_base = !sealed.parts.empty();
    encoder_.AddTrace(part, has_base ? EncodeSummary(sealed.summary) : std::string());
    if (encoder_.rows() == part.size()) {  // the first of its segment
      meta_ = {.key = key_, .min_start = UnixNanos::max(), .first_arrival = ~0ull};
    }
    for (const SegmentRow& row : part) {
      sealed.summary.Add(GlanceAt(*row.span));
      meta_.first_arrival = std::min(meta_.first_arrival, row.arrival);
      meta_.last_arrival = std::max(meta_.last_arrival, row.arrival);
    }
    meta_.has_bases = meta_.has_bases || has_base;
    meta_.new_traces += has_base ? 0 : 1;
    sealed.parts.push_back(key_);
    Widen(sealed.summary, meta_);
  }

  void EndSegment() {
    if (encoder_.rows() == 0) return;
    EncodedSegment encoded = encoder_.Finish();
    meta_.rows = encoded.rows;
    meta_.traces = encoded.traces;
    meta_.bytes = encoded.bytes.size() + encoded.filter.size();
    seal_.exact_spans += encoded.exact_spans;
    seal_.segments.push_back({meta_, std::move(encoded.bytes), std::move(encoded.filter)});
    ++key_.number;
  }

  // A trace that has grown may reach beyond what the metas of its earlier parts say.
  void WidenAll() {
    std::map<SegmentKey, SegmentMeta*> fresh;
    for (Seal::Segment& segment : seal_.segments) fresh[segment.meta.key] = &segment.meta;
    std::map<SegmentKey, SegmentMeta> older;
    for (const auto& [unused, trace] : seal_.traces) {
      for (std::size_t i = 0; i + 1 < trace.parts.size(); ++i) {
        const SegmentKey& part = trace.parts[i];
        SegmentMeta* meta = nullptr;
        if (const auto at = fresh.find(part); at != fresh.end()) {
          meta = at->second;
        } else if (const auto known = catalog_.find(part); known != catalog_.end()) {
          meta = &older.try_emplace(part, *known->second).first->second;
        } else {
          continue;  // dropped
        }
        Widen(trace.summary, *meta);
        meta->has_later = true;
      }
    }
    for (auto& [unused, meta] : older) seal_.widened.push_back(meta);
  }

  const SealedTraces& earlier_;
  const Catalog& catalog_;
  const UnixNanos now_;
  const SealOptions options_;
  SegmentKey key_;  // of the segment that is being made
  SegmentMeta meta_;
  SegmentEncoder encoder_;
  int class_ = -1;
  std::vector<SegmentRow> rows_;
  Seal seal_;
};

}  // namespace

int ClassOfStart(UnixNanos start, UnixNanos sealed) {
  if (start < sealed - kPast) return 0;
  return start <= sealed + kFuture ? 1 : 2;
}

void Widen(const Summary& trace, SegmentMeta& meta) {
  meta.min_start = std::min(meta.min_start, trace.start);
  meta.max_start = std::max(meta.max_start, trace.start);
  meta.max_duration =
      std::max<std::chrono::nanoseconds>(meta.max_duration, trace.end - trace.start);
}

Seal MakeSeal(const HotList& chunks, const SealedTraces& earlier, const Catalog& catalog,
              std::uint64_t next_segment, UnixNanos now, const SealOptions& options) {
  return Sealer(earlier, catalog, next_segment, now, options).Run(chunks);
}

}  // namespace clew::store
