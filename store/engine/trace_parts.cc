#include "store/engine/trace_parts.h"

#include <algorithm>

namespace clew::store {
namespace {

// Spans that are put together at a time: as many as a segment has, so that a trace in one piece
// reads it once.
constexpr std::size_t kWindow = 8192;
// A window whose spans lie in more segments than this takes more spans, as many as fit into so much
// memory: else a trace whose spans came in any order would unpack all of its segments for each
// window.
constexpr std::size_t kNearSegments = 8;
constexpr std::size_t kWideWindowBytes = 24u << 20;
// Where spans are so large that a window has more than this, it is read again with fewer.
constexpr std::size_t kMaxWindowBytes = 28u << 20;
// What lies in more segments than this is read past the store's cache: it would drive everything
// else out of it, and needs hardly any segment again.
constexpr std::size_t kCachedSegments = 4;
constexpr std::size_t kOwnCacheBytes = 8u << 20;

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
  // A part's base has all parts before it: the last part says all, unless the horizon cuts one of
  // those. From the first one that it may cut on they are asked themselves.
  std::size_t last = parts.size();
  while (last > 0 && view.catalog->at(parts[last - 1])->first_arrival > horizon) --last;
  std::size_t first = 0;
  while (first + 1 < last && view.catalog->at(parts[first])->last_arrival <= horizon) ++first;
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
    const Status read = (*segment)->ReadTrace(**at, [&](SpanRecord&& span, std::uint64_t arrival) {
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
class TraceParts::Merge final : public TraceCursor {
 public:
  // A segment with spans of one of the traces.
  struct Part {
    TraceId trace;
    SegmentKey key;
  };
  // Parts in the same segment are neighbours.
  Merge(View view, RocksDb& db, SegmentCache& cache, const std::vector<TraceId>& traces,
        std::vector<Part> parts)
      : view_(std::move(view)),
        db_(db),
        traces_(traces),
        parts_(std::move(parts)),
        segments_(NumberSegments(parts_)),
        own_cache_(db, kOwnCacheBytes),
        cache_(segments_.back() > kCachedSegments ? own_cache_ : cache) {}

  // Looks for all spans. Before the first Next.
  Status Begin() {
    Collect();
    view_.snapshot.reset();
    view_.hot.reset();
    view_.late.reset();
    if (places_.empty()) {
      return damage_ ? *damage_ : Error{Code::kNotFound, "no trace " + traces_.front().ToHex()};
    }
    std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
      return std::tie(a.start, a.id, a.part, a.at) < std::tie(b.start, b.id, b.part, b.at);
    });
    return {};
  }

  Result<SpanBatch> Next() override {
    view_.snapshot = std::make_shared<const DbSnapshot>(db_.db());
    SpanBatch spans;
    while (spans.empty() && next_ < places_.size()) {
      std::size_t count = WindowAt(next_);
      spans = ReadWindow({places_.data() + next_, count});
      while (window_bytes_ > kMaxWindowBytes && count > 1) {
        count /= 2;
        spans = ReadWindow({places_.data() + next_, count});
      }
      next_ += count;
    }
    view_.snapshot.reset();
    if (spans.empty() && damage_) return *damage_;
    std::size_t bytes = 0;
    for (const SpanRecord& span : spans) bytes += sizeof(span) + span.span.size();
    if (!spans.empty()) span_bytes_ = bytes / spans.size();
    return spans;
  }

 private:
  // For each part, and for the hot spans behind the last, which of the segments it is in.
  static std::vector<std::uint32_t> NumberSegments(const std::vector<Part>& parts) {
    std::vector<std::uint32_t> numbers;
    numbers.reserve(parts.size() + 1);
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0 && parts[i].key != parts[i - 1].key) ++number;
      numbers.push_back(number);
    }
    numbers.push_back(parts.empty() ? 0 : number + 1);
    return numbers;
  }

  void Damaged(const SegmentKey& part, const Error& error) {
    if (damage_) return;
    if (error.code == Code::kNotFound) {
      damage_ =
          Error{Code::kUnavailable, NameOf(part) + " was dropped while the trace was being read"};
    } else {
      damage_ = Error{error.code, NameOf(part) + ": " + error.message};
    }
  }

  // How many places the window has that begins there.
  std::size_t WindowAt(std::size_t begin) const {
    const std::size_t left = places_.size() - begin;
    const std::size_t fit = std::max<std::size_t>(kWideWindowBytes / span_bytes_, 1);
    const std::size_t near = std::min({kWindow, left, fit});
    std::vector<bool> seen(segments_.back() + 1);
    std::size_t segments = 0;
    for (std::size_t i = begin; i < begin + near; ++i) {
      const std::uint32_t segment = segments_[places_[i].part];
      if (seen[segment]) continue;
      seen[segment] = true;
      ++segments;
    }
    if (segments <= kNearSegments) return near;
    return std::min(left, fit);
  }

  void Collect() {
    for (std::uint32_t part = 0; part < parts_.size(); ++part) CollectPart(part);
    const auto hot = static_cast<std::uint32_t>(parts_.size());
    for (const auto& chunk : *view_.hot) {
      for (const TraceId& trace : traces_) {
        for (const SpanRecord* span : chunk->Of(trace)) {
          places_.push_back(
              {ToUint64(span->start), span->span_id, hot, static_cast<std::uint32_t>(hot_.size())});
          hot_.push_back({chunk, span});
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

  // Gives up as soon as several spans have more than kMaxWindowBytes.
  std::vector<SpanRecord> ReadWindow(std::span<const Place> window) {
    window_bytes_ = 0;
    std::vector<std::optional<SpanRecord>> spans(window.size());
    // For each part its places here, which rise since its rows are in the trace's order.
    std::vector<std::vector<std::uint32_t>> slots(parts_.size() + 1);
    for (std::uint32_t slot = 0; slot < window.size(); ++slot) {
      slots[window[slot].part].push_back(slot);
    }
    const auto take = [&](std::uint32_t slot, SpanRecord span) {
      window_bytes_ += span.span.size();
      spans[slot] = std::move(span);
      return window_bytes_ <= kMaxWindowBytes || window.size() == 1;
    };
    for (const std::uint32_t slot : slots.back()) {
      if (!take(slot, *hot_[window[slot].at].span)) return {};
    }
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      if (!slots[part].empty()) ReadPart(part, slots[part], window, take);
      if (window_bytes_ > kMaxWindowBytes && window.size() > 1) return {};
    }
    std::vector<SpanRecord> found;
    found.reserve(spans.size());
    for (auto& span : spans) {
      if (span) found.push_back(*std::move(span));
    }
    return found;
  }

  template <typename Take>
  void ReadPart(std::size_t part, const std::vector<std::uint32_t>& slots,
                std::span<const Place> window, Take take) {
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
    const Status read = (*segment)->ReadSpans(
        **trace, places,
        [&](SpanRecord&& span, std::uint64_t) { return take(*next++, std::move(span)); });
    if (!read) Damaged(key, read.error());
  }

  // A hot span, and what keeps it.
  struct HotSpan {
    std::shared_ptr<const HotChunk> chunk;
    const SpanRecord* span = nullptr;
  };

  View view_;  // with a snapshot only while it is being read
  RocksDb& db_;
  const std::vector<TraceId> traces_;
  const std::vector<Part> parts_;
  const std::vector<std::uint32_t> segments_;  // see NumberSegments
  SegmentCache own_cache_;
  SegmentCache& cache_;  // its own, or that of the store
  std::vector<HotSpan> hot_;
  std::vector<Place> places_;
  std::size_t next_ = 0;           // of places_
  std::size_t span_bytes_ = 2048;  // of a span in memory, about; as the last window had it
  std::size_t window_bytes_ = 0;   // of the window that is being read, serialized
  std::optional<Error> damage_;    // the first one
};

Result<std::unique_ptr<TraceCursor>> TraceParts::Open(View view,
                                                      const std::vector<TraceId>& traces) const {
  std::vector<Merge::Part> parts;
  for (const TraceId& trace : traces) {
    const auto sealed = SealedParts(view, trace);
    if (!sealed) return sealed.error();
    for (const SegmentKey& key : *sealed) parts.push_back({trace, key});
  }
  if (traces.size() > 1) {
    std::stable_sort(parts.begin(), parts.end(),
                     [](const Merge::Part& a, const Merge::Part& b) { return a.key < b.key; });
  }
  auto merge = std::make_unique<Merge>(std::move(view), db_, cache_, traces, std::move(parts));
  if (const Status begun = merge->Begin(); !begun) return begun.error();
  return std::unique_ptr<TraceCursor>(std::move(merge));
}

}  // namespace clew::store
