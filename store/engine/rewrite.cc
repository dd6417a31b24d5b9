#include "store/engine/rewrite.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "base/log.h"
#include "store/context_bytes.h"
#include "store/engine/segment_counts.h"
#include "store/segment/encoder.h"

namespace clew::store {
namespace {

// A span that is put into another segment.
struct MovedRow {
  SpanRecord span;
  std::uint64_t arrival = 0;
};

// A trace's part in the segment that is being filled.
struct MovedPart {
  TraceId id;
  std::vector<MovedRow> rows;    // by start, then id
  std::string base;              // summary of the parts before
  std::vector<SegmentKey> from;  // neighbours in the trace's list of parts
};

// A segment that is being filled.
struct Filling {
  std::vector<MovedPart> parts;
  std::unordered_map<TraceId, std::size_t> by_trace;
  std::set<SegmentKey> sources;
  std::size_t rows = 0;
  std::size_t bytes = 0;
  ContextBytes weigh;
};

// What is known of a trace that is moved.
struct Moving {
  std::vector<SegmentKey> parts;  // as they are after what has been done so far
  std::optional<Summary> summary;
  std::uint32_t judge_again = 0;
};

std::uint32_t Sooner(std::uint32_t a, std::uint32_t b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

class Rewriter {
 public:
  Rewriter(const View& view, const TraceParts& parts, const Aliases& aliases,
           const SegmentCache& cache, const Tiers& tiers, std::uint32_t bucket,
           std::uint64_t next_segment, const SealOptions& options)
      : view_(view),
        parts_(parts),
        families_(view, parts, aliases),
        cache_(cache),
        tiers_(tiers),
        options_(options),
        tier_(static_cast<std::uint32_t>(tiers.Of(bucket))),
        key_{bucket, next_segment} {
    rewrite_.bucket = bucket;
  }

  TierRewrite Run(const std::vector<SegmentKey>& inputs) {
    for (const SegmentKey& key : inputs) {
      if (const Status taken = Take(key); !taken) {
        LOG_WARN("a segment cannot be brought to its tier and stays as it is",
                 {"error", taken.error().message});
        rewrite_.damaged = true;
        Stamp(key, 0);
      }
    }
    for (Filling& filling : fillings_) Finish(filling);
    return std::move(rewrite_);
  }

 private:
  // A segment that stays.
  void Stamp(const SegmentKey& key, std::uint32_t judge_again) {
    SegmentMeta meta = *view_.catalog->at(key);
    meta.tier = std::max(meta.tier, tier_);
    meta.judge_again = judge_again;
    rewrite_.stamped.push_back(meta);
  }

  Status Take(const SegmentKey& key) {
    const SegmentMeta& meta = *view_.catalog->at(key);
    const auto segment = cache_.Read(view_, key);
    if (!segment) return segment.error();
    const auto verdicts = Judge(view_, parts_, families_, **segment, key, tiers_);
    if (!verdicts) return Named(key, verdicts.error());
    const bool whole = std::all_of(verdicts->begin(), verdicts->end(),
                                   [](const TraceVerdict& verdict) { return verdict.keep; });
    if (whole && meta.rows >= options_.rows / 2) {
      AddLosses(*verdicts, meta, rewrite_.report);
      std::uint32_t again = 0;
      for (const TraceVerdict& verdict : *verdicts) again = Sooner(again, verdict.judge_again);
      Stamp(key, again);
      return {};
    }
    // Everything is read before anything is changed: a segment is taken as a whole or not at all.
    auto kept = ReadKept(**segment, *verdicts);
    if (!kept) return Named(key, kept.error());
    if (const Status counted = CountDropped(**segment, *verdicts); !counted) {
      return Named(key, counted.error());
    }
    AddLosses(*verdicts, meta, rewrite_.report);
    rewrite_.gone.push_back(key);
    std::size_t next = 0;
    for (const TraceVerdict& verdict : *verdicts) {
      if (verdict.keep) {
        Move(key, verdict, std::move((*kept)[next++]));
      } else {
        const auto [at, unused] = rewrite_.dropped.try_emplace(verdict.id, verdict.parts);
        std::erase(at->second, key);
        if (verdict.family) {
          rewrite_.families.try_emplace(verdict.family->front().trace, verdict.family);
        }
      }
    }
    return {};
  }

  static Error Named(const SegmentKey& key, const Error& error) {
    return {error.code, NameOf(key) + ": " + error.message};
  }

  Result<std::vector<MovedPart>> ReadKept(const SegmentReader& segment,
                                          const std::vector<TraceVerdict>& verdicts) const {
    std::vector<MovedPart> kept;
    for (std::size_t trace = 0; trace < verdicts.size(); ++trace) {
      if (!verdicts[trace].keep) continue;
      MovedPart part{.id = verdicts[trace].id, .base = verdicts[trace].base};
      const Status read = segment.ReadTrace(trace, [&](SpanRecord&& span, std::uint64_t arrival) {
        part.rows.push_back({std::move(span), arrival});
        return true;
      });
      if (!read) return read.error();
      kept.push_back(std::move(part));
    }
    return kept;
  }

  Status CountDropped(const SegmentReader& segment, const std::vector<TraceVerdict>& verdicts) {
    std::vector<std::uint8_t> rows;
    rows.reserve(segment.rows());
    for (const TraceVerdict& verdict : verdicts) {
      rows.insert(rows.end(), verdict.rows, verdict.keep ? 0 : 1);
    }
    Counts counts;
    if (const Status counted = CountRows(segment, rows, counts); !counted) return counted;
    rewrite_.counts.Merge(counts);
    return {};
  }

  void Move(const SegmentKey& from, const TraceVerdict& verdict, MovedPart part) {
    const auto [moving, unused] = moving_.try_emplace(
        verdict.id, Moving{verdict.parts, verdict.summary, verdict.judge_again});
    const UnixNanos start = part.rows.front().span.start;
    Filling& filling = fillings_[static_cast<std::size_t>(ClassOfStart(start, SealedAt(from)))];
    const bool fits = filling.rows + part.rows.size() <= options_.rows &&
                      filling.bytes < options_.bytes &&
                      FitsBehind(filling, verdict.id, moving->second.parts, from);
    if (!fits) Finish(filling);
    filling.rows += part.rows.size();
    for (const MovedRow& row : part.rows) filling.bytes += filling.weigh.Add(row.span);
    filling.bytes += part.base.size();
    filling.sources.insert(from);
    const auto [at, is_new] = filling.by_trace.try_emplace(verdict.id, filling.parts.size());
    if (is_new) {
      part.from = {from};
      filling.parts.push_back(std::move(part));
      return;
    }
    // The base of the first part has what was before both.
    MovedPart& into = filling.parts[at->second];
    into.from.push_back(from);
    std::move(part.rows.begin(), part.rows.end(), std::back_inserter(into.rows));
    std::stable_sort(into.rows.begin(), into.rows.end(), [](const MovedRow& a, const MovedRow& b) {
      return StartsBefore(a.span, b.span);
    });
  }

  // Roughly. A bucket that no clock gives counts as the last hour that there is.
  static UnixNanos SealedAt(const SegmentKey& key) {
    constexpr auto kLast = std::chrono::floor<std::chrono::hours>(std::chrono::nanoseconds::max());
    return UnixNanos(std::min(std::chrono::hours(key.bucket), kLast));
  }

  // A segment has a trace once, and its part there stands for neighbours in the list of parts.
  static bool FitsBehind(const Filling& filling, const TraceId& id,
                         const std::vector<SegmentKey>& parts, const SegmentKey& from) {
    const auto there = filling.by_trace.find(id);
    if (there == filling.by_trace.end()) return true;
    const auto last =
        std::find(parts.begin(), parts.end(), filling.parts[there->second].from.back());
    return last != parts.end() && std::next(last) != parts.end() && *std::next(last) == from;
  }

  void Finish(Filling& filling) {
    if (filling.parts.empty()) return;
    const SegmentKey& source = *filling.sources.begin();
    if (filling.sources.size() == 1 && filling.rows == view_.catalog->at(source)->rows) {
      // It would only be copied.
      std::uint32_t again = 0;
      for (const MovedPart& part : filling.parts) {
        again = Sooner(again, moving_.at(part.id).judge_again);
      }
      Stamp(source, again);
      std::erase(rewrite_.gone, source);
    } else {
      Encode(filling);
    }
    filling = {};
  }

  void Encode(Filling& filling) {
    std::sort(filling.parts.begin(), filling.parts.end(),
              [](const MovedPart& a, const MovedPart& b) {
                const UnixNanos first = a.rows.front().span.start;
                const UnixNanos second = b.rows.front().span.start;
                return first != second ? first < second : a.id < b.id;
              });
    SegmentMeta meta{.key = key_, .min_start = UnixNanos::max(), .first_arrival = ~0ull};
    meta.tier = tier_;
    for (const MovedPart& part : filling.parts) {
      std::vector<SegmentRow> rows;
      for (const MovedRow& row : part.rows) {
        rows.push_back({&row.span, row.arrival});
        meta.first_arrival = std::min(meta.first_arrival, row.arrival);
        meta.last_arrival = std::max(meta.last_arrival, row.arrival);
      }
      encoder_.AddTrace(rows, part.base);
      AddPart(part, meta);
    }
    EncodedSegment encoded = encoder_.Finish();
    meta.rows = encoded.rows;
    meta.traces = encoded.traces;
    meta.bytes = encoded.bytes.size() + encoded.filter.size();
    rewrite_.segments.push_back({meta, std::move(encoded.bytes), std::move(encoded.filter)});
    ++key_.number;
  }

  void AddPart(const MovedPart& part, SegmentMeta& meta) {
    Moving& moving = moving_.at(part.id);
    std::replace(moving.parts.begin(), moving.parts.end(), part.from.front(), key_);
    for (std::size_t i = 1; i < part.from.size(); ++i) std::erase(moving.parts, part.from[i]);
    rewrite_.moved[part.id] = moving.parts;
    if (moving.summary) {
      Widen(*moving.summary, meta);
    } else {  // as far as is known
      for (const SegmentKey& from : part.from) {
        const SegmentMeta& known = *view_.catalog->at(from);
        meta.min_start = std::min(meta.min_start, known.min_start);
        meta.max_start = std::max(meta.max_start, known.max_start);
        meta.max_duration = std::max(meta.max_duration, known.max_duration);
      }
    }
    meta.new_traces += part.base.empty() ? 1 : 0;
    meta.has_bases = meta.has_bases || !part.base.empty();
    meta.has_later = meta.has_later || moving.parts.back() != key_;
    meta.judge_again = Sooner(meta.judge_again, moving.judge_again);
  }

  const View& view_;
  const TraceParts& parts_;
  FamilyStandings families_;
  const SegmentCache& cache_;
  const Tiers& tiers_;
  const SealOptions options_;
  const std::uint32_t tier_;
  SegmentKey key_;  // of the next segment
  SegmentEncoder encoder_;
  std::array<Filling, 3> fillings_;  // by ClassOfStart
  std::unordered_map<TraceId, Moving> moving_;
  TierRewrite rewrite_;
};

}  // namespace

TierRewrite MakeTierRewrite(const View& view, const TraceParts& parts, const Aliases& aliases,
                            const SegmentCache& cache, const Tiers& tiers,
                            const std::vector<SegmentKey>& inputs, std::uint64_t next_segment,
                            const SealOptions& options) {
  CLEW_CHECK(!inputs.empty());
  return Rewriter(view, parts, aliases, cache, tiers, inputs.front().bucket, next_segment, options)
      .Run(inputs);
}

}  // namespace clew::store
