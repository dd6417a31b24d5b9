#include "store/engine/trace_parts.h"

#include <algorithm>

namespace clew::store {
namespace {

// Spans that are put together at a time: as many as a segment has, so that a trace in one piece
// reads it once.
constexpr std::size_t kWindow = 8192;

}  // namespace

Status FoldPart(const SegmentReader& segment, std::size_t trace, bool with_base,
                std::uint64_t horizon, Summary& summary) {
  if (with_base) {
    const auto base = segment.BaseOf(trace);
    if (!base) return base.error();
    if (!base->empty()) {
      const auto decoded = DecodeSummary(*base);
      if (!decoded) return decoded.error();
      summary.Merge(*decoded);
    }
  }
  return segment.Glance(trace, [&](const SpanGlance& span) {
    if (span.arrival <= horizon) summary.Add(span);
  });
}

void FoldHot(const View& view, const TraceId& trace, std::uint64_t horizon, Summary& summary) {
  for (const auto& chunk : *view.hot) {
    if (chunk->sequence() > horizon) break;
    for (const SpanRecord* span : chunk->Of(trace)) summary.Add(GlanceAt(*span));
  }
}

Result<std::vector<SegmentKey>> TraceParts::SealedParts(const View& view,
                                                        const TraceId& trace) const {
  rocksdb::PinnableSlice stored;
  const rocksdb::Status status = db_.db().Get(view.snapshot->options(), db_.trace(),
                                              {trace.View().data(), TraceId::kSize}, &stored);
  if (status.IsNotFound()) return std::vector<SegmentKey>{};
  if (!status.ok()) return FromRocks("look up trace " + trace.ToHex(), status);
  auto parts = DecodeParts(stored.ToStringView());
  if (!parts) return Error{Code::kCorrupt, "stored parts of trace " + trace.ToHex()};
  std::erase_if(*parts, [&](const SegmentKey& key) { return !view.catalog->contains(key); });
  return *std::move(parts);
}

Result<Summary> TraceParts::SealedSummary(const View& view, const TraceId& trace,
                                          std::vector<SegmentKey> parts,
                                          std::uint64_t horizon) const {
  Summary summary;
  std::erase_if(parts, [&](const SegmentKey& key) { return !view.catalog->contains(key); });
  // The last part's base has all parts before it. Those that the horizon cuts have to be asked
  // themselves; they are the last ones.
  std::size_t last = parts.size();
  while (last > 0 && view.catalog->at(parts[last - 1])->first_arrival > horizon) --last;
  std::size_t first = last;
  while (first > 0 && (first == last || view.catalog->at(parts[first])->last_arrival > horizon)) {
    --first;
  }
  for (std::size_t i = first; i < last; ++i) {
    const auto segment = cache_.Open(view, parts[i]);
    if (!segment) return segment.error();
    const auto at = (*segment)->FindTrace(trace);
    if (!at) return Error{at.error().code, NameOf(parts[i]) + ": " + at.error().message};
    if (!*at)
      return Error{Code::kCorrupt, NameOf(parts[i]) + ": trace " + trace.ToHex() + " is missing"};
    const Status folded = FoldPart(**segment, **at, i == first, horizon, summary);
    if (!folded) {
      return Error{folded.error().code, NameOf(parts[i]) + ": " + folded.error().message};
    }
  }
  return summary;
}

Result<std::optional<Summary>> TraceParts::SummaryOf(const View& view, const TraceId& trace,
                                                     std::uint64_t horizon) const {
  const auto parts = SealedParts(view, trace);
  if (!parts) return parts.error();
  auto summary = SealedSummary(view, trace, *parts, horizon);
  if (!summary) return summary.error();
  FoldHot(view, trace, horizon, *summary);
  if (summary->span_count == 0) return std::optional<Summary>{};
  return std::optional<Summary>(*std::move(summary));
}

Result<bool> TraceParts::AnySpan(const View& view, const TraceId& trace, std::uint64_t horizon,
                                 const std::function<bool(const SpanRecord&)>& holds) const {
  for (const auto& chunk : *view.hot) {
    if (chunk->sequence() > horizon) break;
    for (const SpanRecord* span : chunk->Of(trace)) {
      if (holds(*span)) return true;
    }
  }
  const auto parts = SealedParts(view, trace);
  if (!parts) return parts.error();
  bool found = false;
  for (const SegmentKey& part : *parts) {
    const auto segment = cache_.Open(view, part);
    if (!segment) return segment.error();
    const auto at = (*segment)->FindTrace(trace);
    if (!at) return Error{at.error().code, NameOf(part) + ": " + at.error().message};
    if (!*at) continue;
    const Status read =
        (*segment)->ReadTrace(**at, [&](SpanRecord&& span, std::uint64_t arrival) {
          found = arrival <= horizon && holds(span);
          return !found;
        });
    if (!read) return read.error();
    if (found) break;
  }
  return found;
}

// Where a span of the traces is.
struct TraceParts::Place {
  std::uint64_t start = 0;
  SpanId id;
  std::uint32_t part = 0;  // one behind the last part: hot
  std::uint32_t at = 0;    // in the part
};

// Reads traces in windows of their order, of each window what each part has of it.
class TraceParts::Merge {
 public:
  // A segment with spans of one of the traces.
  struct Part {
    TraceId trace;
    SegmentKey key;
  };
  Merge(const View& view, SegmentCache& cache, const std::vector<TraceId>& traces,
        std::vector<Part> parts)
      : view_(view), cache_(cache), traces_(traces), parts_(std::move(parts)) {}

  Status Run(const std::function<bool(const SpanRecord&)>& each) {
    Collect();
    if (places_.empty()) {
      return damage_ ? *damage_ : Error{Code::kNotFound, "no trace " + traces_.front().ToHex()};
    }
    std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
      return std::tie(a.start, a.id, a.part, a.at) < std::tie(b.start, b.id, b.part, b.at);
    });
    for (std::size_t begin = 0; begin < places_.size(); begin += kWindow) {
      const std::size_t count = std::min(kWindow, places_.size() - begin);
      for (const SpanRecord& span : ReadWindow({places_.data() + begin, count})) {
        if (!each(span)) return {};
      }
    }
    return damage_ ? Status(*damage_) : Status{};
  }

 private:
  void Damaged(const SegmentKey& part, const Error& error) {
    if (!damage_) damage_ = Error{error.code, NameOf(part) + ": " + error.message};
  }

  void Collect() {
    for (std::uint32_t part = 0; part < parts_.size(); ++part) CollectPart(part);
    const auto hot = static_cast<std::uint32_t>(parts_.size());
    for (const auto& chunk : *view_.hot) {
      for (const TraceId& trace : traces_) {
        for (const SpanRecord* span : chunk->Of(trace)) {
          places_.push_back(
              {ToUint64(span->start), span->span_id, hot, static_cast<std::uint32_t>(hot_.size())});
          hot_.push_back(span);
        }
      }
    }
  }

  void CollectPart(std::uint32_t part) {
    const auto& [id, key] = parts_[part];
    const auto segment = cache_.Open(view_, key);
    if (!segment) return Damaged(key, segment.error());
    const auto trace = (*segment)->FindTrace(id);
    if (!trace) return Damaged(key, trace.error());
    if (!*trace) return Damaged(key, {Code::kCorrupt, "trace " + id.ToHex() + " is missing"});
    std::uint32_t at = 0;
    const Status read = (*segment)->Glance(**trace, [&](const SpanGlance& span) {
      places_.push_back({ToUint64(span.start), span.span_id, part, at++});
    });
    if (!read) Damaged(key, read.error());
  }

  std::vector<SpanRecord> ReadWindow(std::span<const Place> window) {
    std::vector<std::optional<SpanRecord>> spans(window.size());
    // For each part its places here, which rise since its rows are in the trace's order.
    std::vector<std::vector<std::uint32_t>> slots(parts_.size() + 1);
    for (std::uint32_t slot = 0; slot < window.size(); ++slot) {
      slots[window[slot].part].push_back(slot);
    }
    for (const std::uint32_t slot : slots.back()) spans[slot] = *hot_[window[slot].at];
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      if (!slots[part].empty()) ReadPart(part, slots[part], window, spans);
    }
    std::vector<SpanRecord> found;
    found.reserve(spans.size());
    for (auto& span : spans) {
      if (span) found.push_back(*std::move(span));
    }
    return found;
  }

  void ReadPart(std::size_t part, const std::vector<std::uint32_t>& slots,
                std::span<const Place> window, std::vector<std::optional<SpanRecord>>& spans) {
    const auto& [id, key] = parts_[part];
    const auto segment = cache_.Open(view_, key);
    if (!segment) return Damaged(key, segment.error());
    const auto trace = (*segment)->FindTrace(id);
    if (!trace || !*trace) return;  // Collect has said so
    std::vector<std::uint32_t> places;
    for (const std::uint32_t slot : slots) places.push_back(window[slot].at);
    if (!std::is_sorted(places.begin(), places.end())) {
      return Damaged(key, {Code::kCorrupt, "spans are not in order of their start"});
    }
    auto next = slots.begin();
    const Status read =
        (*segment)->ReadSpans(**trace, places, [&](SpanRecord&& span, std::uint64_t) {
          spans[*next++] = std::move(span);
          return true;
        });
    if (!read) Damaged(key, read.error());
  }

  const View& view_;
  SegmentCache& cache_;
  const std::vector<TraceId>& traces_;
  const std::vector<Part> parts_;
  std::vector<const SpanRecord*> hot_;
  std::vector<Place> places_;
  std::optional<Error> damage_;  // the first one
};

Status TraceParts::Read(const View& view, const std::vector<TraceId>& traces,
                        const std::function<bool(const SpanRecord&)>& each) const {
  std::vector<Merge::Part> parts;
  for (const TraceId& trace : traces) {
    const auto sealed = SealedParts(view, trace);
    if (!sealed) return sealed.error();
    for (const SegmentKey& key : *sealed) parts.push_back({trace, key});
  }
  return Merge(view, cache_, traces, std::move(parts)).Run(each);
}

}  // namespace clew::store
