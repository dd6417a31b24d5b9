#include "store/engine/search.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <unordered_set>

#include "store/engine/page_builder.h"
#include "store/query/matcher.h"
#include "store/segment/segment_match.h"

namespace clew::store {
namespace {

using std::chrono::nanoseconds;

// A place that no trace which starts at or before `start` and lasts at most `duration` precedes.
Place BoundPlace(UnixNanos start, nanoseconds duration) {
  return {.start = start, .duration = duration, .trace = {}};
}

const Place kFirstPlace = BoundPlace(UnixNanos::max(), nanoseconds::max());

// A segment to look into, and where its first trace can be at best.
struct Task {
  std::shared_ptr<const SegmentMeta> meta;
  Place bound;
  bool cut = false;  // it has spans that came after the horizon
};

// A trace of a segment that may be on the page.
struct Candidate {
  std::size_t trace = 0;
  Place place;
  bool exact = false;  // else the place is only a bound
};

}  // namespace

// One search. Threads take tasks in turn, hot chunks first.
class Searcher::Run {
 public:
  // All must outlive this.
  Run(const Searcher& searcher, const View& view, const Query& query, const Budget& budget,
      const Matcher& matcher, const Cursor& cursor)
      : searcher_(searcher),
        view_(view),
        query_(query),
        budget_(budget),
        matcher_(matcher),
        horizon_(cursor.horizon),
        filters_(matcher.span_predicates()),
        page_(query, budget, cursor) {
    // Traces before the cursor were on the pages before.
    UnixNanos start_max = query_.start_max;
    if (query_.order == Order::kNewest) start_max = std::min(start_max, cursor.after.start);
    ChooseChunks(start_max);
    MakeTasks(start_max);
  }

  Page Answer() {
    searcher_.pool_.Run([this] { Work(); });
    MutexLock lock(mutex_);
    Page page = partial_ == Partial::kNo ? page_.Finish() : page_.FinishPartial(bound_, partial_);
    if (page.partial == Partial::kNo && damage_) {
      page.partial = Partial::kUnreadable;
      page.partial_detail = damage_->message;
    }
    return page;
  }

 private:
  // The newest first: they fill the page. A trace of a chunk may have started earlier than its
  // spans there, which is known to the last chunk that has spans of it.
  void ChooseChunks(UnixNanos start_max) {
    UnixNanos earliest = UnixNanos::max();
    for (auto chunk = view_.hot->rbegin(); chunk != view_.hot->rend(); ++chunk) {
      if ((*chunk)->sequence() > horizon_) continue;
      earliest = std::min(earliest, (*chunk)->earliest());
      if (earliest <= start_max) chunks_.push_back(chunk->get());
    }
  }

  void MakeTasks(UnixNanos start_max) {
    std::map<SegmentKey, LateTrace> widened;
    for (const auto& [unused, late] : *view_.late) {
      for (const SegmentKey& part : late.parts) {
        const auto [at, is_new] = widened.try_emplace(part, late);
        if (is_new) continue;
        at->second.start = std::min(at->second.start, late.start);
        at->second.duration = std::max(at->second.duration, late.duration);
      }
    }
    for (const auto& [key, meta] : *view_.catalog) {
      if (meta->first_arrival > horizon_) continue;
      Task task{meta, BoundPlace(meta->max_start, meta->max_duration),
                meta->last_arrival > horizon_};
      UnixNanos min_start = meta->min_start;
      if (const auto at = widened.find(key); at != widened.end()) {
        min_start = std::min(min_start, at->second.start);
        task.bound.duration = std::max(task.bound.duration, at->second.duration);
      }
      // What came after the horizon may have made a trace start earlier than it did then.
      if (task.cut) task.bound.start = UnixNanos::max();
      if (min_start > start_max || task.bound.start < query_.start_min) continue;
      tasks_.push_back(std::move(task));
    }
    std::sort(tasks_.begin(), tasks_.end(), [this](const Task& a, const Task& b) {
      return Precedes(query_.order, a.bound, b.bound);
    });
  }

  // Until everything is done or out of reach.
  void Work() {
    for (;;) {
      std::size_t chunk = 0;
      const Task* task = nullptr;
      {
        MutexLock lock(mutex_);
        if (partial_ != Partial::kNo) return;
        if (next_chunk_ < chunks_.size()) {
          chunk = next_chunk_++;
        } else {
          if (next_task_ == tasks_.size() || !page_.Reaches(tasks_[next_task_].bound)) return;
          task = &tasks_[next_task_++];
        }
        if (const Partial exceeded = Exceeded(); exceeded != Partial::kNo) {
          partial_ = exceeded;
          bound_ =
              task == nullptr ? kFirstPlace : task->bound;  // the others finish what they are at
          return;
        }
      }
      if (task == nullptr) {
        SearchChunk(*chunks_[chunk]);
      } else {
        SearchTask(*task);
      }
    }
  }

  Partial Exceeded() const {
    if (budget_.cancelled && budget_.cancelled()) return Partial::kCancelled;
    if (std::chrono::steady_clock::now() > budget_.deadline) return Partial::kDeadline;
    return Partial::kNo;
  }

  void Damaged(Error error) {
    MutexLock lock(mutex_);
    if (!damage_) damage_ = std::move(error);
  }

  void SearchChunk(const HotChunk& chunk) {
    chunk.EachTrace([&](std::span<const SpanRecord* const> spans) {
      const TraceId& trace = spans.front()->trace_id;
      // The trace can only start earlier than these spans.
      const UnixNanos start = spans.front()->start;
      if (start < query_.start_min) return;
      if (query_.order == Order::kNewest && !page_.Reaches({.start = start, .trace = trace}))
        return;
      const bool matches = matcher_.any_span() ||
                           std::any_of(spans.begin(), spans.end(), [&](const SpanRecord* span) {
                             return matcher_.MatchesSpan(*span);
                           });
      if (!matches) return;
      const auto late = view_.late->find(trace);
      Resolve(trace, late == view_.late->end() ? std::vector<SegmentKey>{} : late->second.parts);
    });
  }

  // Asks all parts of a trace that has more than one, or hot ones.
  void Resolve(const TraceId& trace, const std::vector<SegmentKey>& sealed_parts) {
    {
      MutexLock lock(mutex_);
      if (!resolved_.insert(trace).second) return;
    }
    auto summary = searcher_.parts_.SealedSummary(view_, trace, sealed_parts, horizon_);
    if (!summary) return Damaged(summary.error());
    FoldHot(view_, trace, horizon_, *summary);
    if (summary->span_count > 0) Offer(trace, *std::move(summary));
  }

  void Offer(const TraceId& trace, Summary summary) {
    if (searcher_.aliases_.any()) {
      const auto family = searcher_.aliases_.Of(view_, trace, horizon_);
      if (!family) return Damaged(family.error());
      if (family->size() > 1) return OfferFamily(*family);
    }
    TraceSummary answer = ToTraceSummary(trace, std::move(summary));
    if (matcher_.MatchesTrace(answer)) page_.Offer(PlaceOf(answer), std::move(answer));
  }

  // Traces that are one are listed once: where the first of them that matches stands. All of them
  // are asked here, whichever was found; the one that stands for them may be on another page.
  void OfferFamily(const Family& family) {
    {
      MutexLock lock(mutex_);
      if (!families_.insert(family.front().trace).second) return;
    }
    std::vector<TraceId> traces;
    std::vector<Summary> parts;
    for (const FamilyMember& member : family) {
      auto part = searcher_.parts_.SummaryOf(view_, member.trace, horizon_);
      if (!part) return Damaged(part.error());
      if (!*part) continue;
      traces.push_back(member.trace);
      parts.push_back(**std::move(part));
    }
    const TraceSummary whole = ToTraceSummary(family.front().trace, SummaryOfWhole(parts));
    for (std::size_t at = 0; at < parts.size(); ++at) {
      const Place place{parts[at].start, parts[at].end - parts[at].start, traces[at]};
      TraceSummary asked = whole;
      asked.start = parts[at].start;
      asked.end = parts[at].end;
      if (!matcher_.MatchesTrace(asked)) continue;
      const auto matches = HasMatch(traces[at]);
      if (!matches) return Damaged(matches.error());
      if (*matches) return page_.Offer(place, whole);
    }
  }

  Result<bool> HasMatch(const TraceId& trace) const {
    if (matcher_.any_span()) return true;
    return searcher_.parts_.AnySpan(view_, trace, horizon_, [this](const SpanRecord& span) {
      return matcher_.MatchesSpan(span);
    });
  }

  // A condition on the duration can be decided before the rest of the summary is known.
  bool DurationHolds(nanoseconds duration) const {
    for (const Predicate& predicate : matcher_.trace_predicates()) {
      if (predicate.condition().field != Field::kTraceDuration) continue;
      if (!predicate.Holds(ValueView::Int(duration.count()))) return false;
    }
    return true;
  }
  bool DurationMayHold(nanoseconds longest) const {
    for (const Predicate& predicate : matcher_.trace_predicates()) {
      if (predicate.condition().field != Field::kTraceDuration) continue;
      const Number low = std::numeric_limits<std::int64_t>::min();
      if (!predicate.MayHoldBetween(low, Number(longest.count()))) return false;
    }
    return true;
  }

  bool FilterAllows(const SegmentKey& key) {
    if (matcher_.any_span()) return true;
    rocksdb::PinnableSlice stored;
    const rocksdb::Status status = searcher_.db_.db().Get(
        view_.snapshot->options(), searcher_.db_.filter(), Encode(key), &stored);
    if (!status.ok()) {
      Damaged(FromRocks("read filter of " + NameOf(key), status));
      return true;  // without it the segment can still be read
    }
    const auto filter = TermFilter::Open(stored.ToStringView());
    if (!filter) {
      Damaged({filter.error().code, NameOf(key) + ": " + filter.error().message});
      return true;
    }
    return filters_.MayMatch(*filter);
  }

  void SearchTask(const Task& task) {
    if (!DurationMayHold(task.bound.duration) || !FilterAllows(task.meta->key)) return;
    const Status searched = SearchSegment(task);
    if (!searched) {
      Damaged({searched.error().code, NameOf(task.meta->key) + ": " + searched.error().message});
    }
  }

  Status SearchSegment(const Task& task) {
    const auto opened = searcher_.cache_.Open(view_, task.meta->key);
    if (!opened) return opened.error();
    const SegmentReader& segment = **opened;
    auto rows = MatchRows(segment, matcher_.span_predicates());
    if (!rows) return rows.error();
    if (task.cut) {
      const auto arrivals = segment.Arrivals();
      if (!arrivals) return arrivals.error();
      for (std::size_t row = 0; row < rows->size(); ++row) {
        if ((*arrivals)->At(row) > horizon_) (*rows)[row] = 0;
      }
    }
    if (std::find(rows->begin(), rows->end(), 1) == rows->end()) return {};
    auto candidates = Candidates(task, segment, *rows);
    if (!candidates) return candidates.error();
    for (const Candidate& candidate : *candidates) {
      if (!page_.Reaches(candidate.place)) break;
      const TraceId& trace = candidate.place.trace;
      if (!candidate.exact) {
        const auto parts = searcher_.parts_.SealedParts(view_, trace);
        if (!parts) return parts.error();
        Resolve(trace, *parts);
      } else {
        Summary summary;
        const Status folded = FoldPart(segment, candidate.trace, false, horizon_, summary);
        if (!folded) return folded;
        Offer(trace, std::move(summary));
      }
    }
    return {};
  }

  // The traces of a segment that have a span among `rows`, in the order of the page.
  Result<std::vector<Candidate>> Candidates(const Task& task, const SegmentReader& segment,
                                            const std::vector<std::uint8_t>& rows) const {
    const auto times = segment.AllTimes();
    if (!times) return times.error();
    std::vector<Candidate> candidates;
    for (std::size_t trace = 0; trace < segment.traces(); ++trace) {
      const auto range = segment.RowsOf(trace);
      if (!range) return range.error();
      const auto begin = rows.begin() + range->begin;
      const auto end = rows.begin() + range->end;
      if (std::find(begin, end, 1) == end) continue;
      std::uint64_t last = 0;
      for (std::size_t row = range->begin; row < range->end; ++row) {
        last = std::max(last, (*times)[row].end);
      }
      const UnixNanos first = UnixNanosFrom((*times)[range->begin].start);
      const auto id = segment.TraceAt(trace);
      if (!id) return id.error();
      Candidate candidate{.trace = trace};
      candidate.exact =
          !task.cut && !task.meta->has_later && !task.meta->has_bases && !view_.late->contains(*id);
      if (candidate.exact) {
        candidate.place = {first, UnixNanosFrom(last) - first, *id};
        if (first < query_.start_min || first > query_.start_max) continue;
        if (!DurationHolds(candidate.place.duration)) continue;
        if (!page_.Wants(candidate.place)) continue;
      } else {
        candidate.place = {task.cut ? task.bound.start : first, task.bound.duration, *id};
        if (query_.order == Order::kSlowest) candidate.place.start = task.bound.start;
      }
      candidates.push_back(candidate);
    }
    std::sort(candidates.begin(), candidates.end(), ByPlace{query_.order});
    return candidates;
  }

  const Searcher& searcher_;
  const View& view_;
  const Query& query_;
  const Budget& budget_;
  const Matcher& matcher_;
  const std::uint64_t horizon_;
  const FilterQuery filters_;
  std::vector<const HotChunk*> chunks_;
  std::vector<Task> tasks_;
  PageBuilder page_;

  Mutex mutex_;
  std::size_t next_chunk_ GUARDED_BY(mutex_) = 0;
  std::size_t next_task_ GUARDED_BY(mutex_) = 0;
  std::unordered_set<TraceId> resolved_ GUARDED_BY(mutex_);
  std::unordered_set<TraceId> families_ GUARDED_BY(mutex_);  // their tops
  Partial partial_ GUARDED_BY(mutex_) = Partial::kNo;
  Place bound_ GUARDED_BY(mutex_);
  std::optional<Error> damage_ GUARDED_BY(mutex_);
};

Result<Page> Searcher::Search(const View& view, const Query& query, const Budget& budget) const {
  const auto matcher = Matcher::Make(query);
  if (!matcher) return matcher.error();
  const auto decoded = DecodeCursor(query);
  if (!decoded) return decoded.error();
  const Cursor cursor = decoded->value_or(Cursor{.after = kFirstPlace, .horizon = view.sequence});
  return Run(*this, view, query, budget, *matcher, cursor).Answer();
}

}  // namespace clew::store
