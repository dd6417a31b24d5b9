#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "store/query/matcher.h"
#include "store/scan.h"

namespace clew::store {
namespace {

bool NamesTraceBefore(const SpanRecord& a, const SpanRecord& b) {
  const bool a_child = a.parent_id.valid();
  const bool b_child = b.parent_id.valid();
  return std::tie(a_child, a.start, a.span_id, a.service, a.name) <
         std::tie(b_child, b.start, b.span_id, b.service, b.name);
}

std::size_t BytesOf(const TraceSummary& summary) {
  std::size_t bytes = sizeof(summary) + summary.root_service.size() + summary.root_name.size();
  for (const std::string& service : summary.services) bytes += sizeof(service) + service.size();
  return bytes;
}

struct Found {
  Place place;
  TraceSummary summary;
};

// The first traces of the order behind the cursor, within limit and memory; knows whether there are
// more.
class FirstFew {
 public:
  FirstFew(const Query& query, const Budget& budget, const Cursor& cursor)
      : query_(query), memory_(budget.memory_bytes), after_(cursor.after) {}

  void Offer(Found found) {
    if (!Precedes(query_.order, after_, found.place)) return;
    bytes_ += BytesOf(found.summary);
    found_.insert(std::move(found));
    // A page may be short of its limit, but goes on as long as there is a trace.
    while (found_.size() > query_.limit || (bytes_ > memory_ && found_.size() > 1)) {
      const auto last = std::prev(found_.end());
      bytes_ -= BytesOf(last->summary);
      found_.erase(last);
      more_ = true;
    }
  }

  void MoveInto(Page& page, std::uint64_t horizon) {
    if (more_) {
      page.next_cursor = EncodeCursor(query_, {std::prev(found_.end())->place, horizon});
    }
    for (const Found& found : found_) page.traces.push_back(found.summary);
  }

 private:
  const Query& query_;
  const std::size_t memory_;
  const Place after_;
  std::multiset<Found, ByPlace> found_{ByPlace{query_.order}};
  std::size_t bytes_ = 0;
  bool more_ = false;
};

Partial Exceeded(const Budget& budget) {
  if (budget.cancelled && budget.cancelled()) return Partial::kCancelled;
  if (std::chrono::steady_clock::now() > budget.deadline) return Partial::kDeadline;
  return Partial::kNo;
}

}  // namespace

TraceSummary Summarize(std::span<const SpanRecord> spans) {
  const SpanRecord& lead = *std::min_element(spans.begin(), spans.end(), NamesTraceBefore);
  TraceSummary summary;
  summary.trace_id = lead.trace_id;
  summary.root_service = lead.service;
  summary.root_name = lead.name;
  summary.has_root = !lead.parent_id.valid();
  summary.start = UnixNanos::max();
  summary.span_count = static_cast<std::uint32_t>(spans.size());
  std::set<std::string> services;
  for (const SpanRecord& span : spans) {
    summary.start = std::min(summary.start, span.start);
    summary.end = std::max(summary.end, span.end);
    summary.error_count += span.status_code == 2 ? 1 : 0;
    services.insert(span.service);
  }
  summary.services.assign(services.begin(), services.end());
  return summary;
}

Result<Page> ScanSearch(const TraceSource& source, const Query& query, const Budget& budget,
                        const Cursor& cursor) {
  const auto matcher = Matcher::Make(query);
  if (!matcher) return matcher.error();
  FirstFew first(query, budget, cursor);
  Page page;
  TraceId listed;  // the last one: traces that are one are listed once
  const Status scanned = source([&](const ScannedTrace& trace) {
    page.partial = Exceeded(budget);
    if (page.partial != Partial::kNo) return false;
    TraceSummary summary = Summarize(trace.spans);
    TraceSummary asked = trace.whole != nullptr ? *trace.whole : summary;
    asked.start = summary.start;
    asked.end = summary.end;
    if (asked.trace_id == listed) return true;
    const auto matches = [&](const SpanRecord& span) { return matcher->MatchesSpan(span); };
    if (matcher->MatchesTrace(asked) &&
        (matcher->any_span() || std::any_of(trace.spans.begin(), trace.spans.end(), matches))) {
      listed = asked.trace_id;
      first.Offer({trace.place, trace.whole != nullptr ? *trace.whole : std::move(summary)});
    }
    return true;
  });
  if (!scanned) return scanned.error();
  if (page.partial == Partial::kNo) {
    first.MoveInto(page, cursor.horizon);
    return page;
  }
  page.partial_detail = std::string("the search was ended by its ") + PartialName(page.partial);
  // Traces come in no order: those found are no beginning of the newest.
  if (query.order == Order::kNewest) {
    page.next_cursor = EncodeCursor(query, cursor);
  } else {
    first.MoveInto(page, cursor.horizon);
    page.next_cursor.clear();
  }
  return page;
}

}  // namespace clew::store
