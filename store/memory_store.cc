#include "store/memory_store.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "store/summary.h"

namespace clew::store {
namespace {

bool ComesBefore(const SpanRecord& a, const SpanRecord& b) {
  return std::tie(a.start, a.span_id) < std::tie(b.start, b.span_id);
}

}  // namespace

Status MemoryStore::Append(const SpanBatch& batch) {
  MutexLock lock(mutex_);
  ++sequence_;
  Joins joins;
  for (const SpanRecord& span : batch) {
    StoredTrace& trace = traces_[span.trace_id];
    if (!trace.contents.emplace(*span.resource, *span.scope, span.span).second) continue;
    const auto at = std::upper_bound(trace.spans.begin(), trace.spans.end(), span, ComesBefore);
    trace.arrivals.insert(trace.arrivals.begin() + (at - trace.spans.begin()), sequence_);
    trace.spans.insert(at, span);
    trace.last_arrival = sequence_;
    const Status joined = joiner_.Add(span, sequence_, clock_(), aliases_, joins);
    if (!joined) return joined;
  }
  aliases_.Add(joins);
  return {};
}

std::span<const SpanRecord> MemoryStore::SpansOf(const StoredTrace& trace, std::uint64_t horizon,
                                                 std::vector<SpanRecord>& copies) {
  if (trace.last_arrival <= horizon) return trace.spans;
  for (std::size_t at = 0; at < trace.spans.size(); ++at) {
    if (trace.arrivals[at] <= horizon) copies.push_back(trace.spans[at]);
  }
  return copies;
}

std::vector<SpanRecord> MemoryStore::SpansOf(const Traces& traces, const Family& family) {
  std::vector<SpanRecord> spans;
  for (const FamilyMember& member : family) {
    const auto found = traces.find(member.trace);
    if (found == traces.end()) continue;
    for (SpanRecord span : found->second.spans) {
      AdoptSpan(family.front().trace, member, span);
      spans.push_back(std::move(span));
    }
  }
  std::stable_sort(spans.begin(), spans.end(), ComesBefore);
  return spans;
}

Status MemoryStore::ReadTrace(const TraceId& trace,
                              const std::function<bool(const SpanRecord&)>& each) {
  std::vector<SpanRecord> spans;  // a copy, so that `each` may call the store
  {
    MutexLock lock(mutex_);
    const auto family = FamilyOf(trace, sequence_, aliases_);
    if (!family) return family.error();
    spans = SpansOf(traces_, *family);
  }
  if (spans.empty()) return Error{Code::kNotFound, "no trace " + trace.ToHex()};
  for (const SpanRecord& span : spans) {
    if (!each(span)) break;
  }
  return {};
}

Result<std::vector<TraceId>> MemoryStore::FindByPrefix(const std::string& hex_prefix,
                                                       std::size_t limit) {
  std::vector<TraceId> found;
  MutexLock lock(mutex_);
  for (const auto& [trace, unused] : traces_) {
    if (found.size() < limit && trace.ToHex().starts_with(hex_prefix)) found.push_back(trace);
  }
  return found;
}

// A source is used while the caller holds the lock.
TraceSource MemoryStore::AsOf(std::uint64_t horizon, const Traces& traces,
                              const AliasTable& aliases) {
  return
      [&traces, &aliases, horizon](const std::function<bool(const ScannedTrace&)>& each) -> Status {
        std::set<TraceId> seen;  // tops
        for (const auto& [id, unused] : traces) {
          const auto family = FamilyOf(id, horizon, aliases);
          if (!family) return family.error();
          if (!seen.insert(family->front().trace).second) continue;
          std::vector<std::vector<SpanRecord>> copies(family->size());
          std::vector<std::span<const SpanRecord>> members;
          std::vector<Summary> parts;
          for (std::size_t at = 0; at < family->size(); ++at) {
            const auto found = traces.find((*family)[at].trace);
            if (found == traces.end()) continue;
            const auto spans = SpansOf(found->second, horizon, copies[at]);
            if (spans.empty()) continue;
            members.push_back(spans);
            parts.emplace_back();
            for (const SpanRecord& span : spans) parts.back().Add(GlanceAt(span));
          }
          const TraceSummary whole = ToTraceSummary(family->front().trace, SummaryOfWhole(parts));
          for (const auto& spans : members) {
            const ScannedTrace trace{spans, PlaceOf(Summarize(spans)),
                                     family->size() > 1 ? &whole : nullptr};
            if (!each(trace)) return {};
          }
        }
        return {};
      };
}

TraceSource MemoryStore::Whole(const Traces& traces, const AliasTable& aliases) {
  return [&traces, &aliases](const std::function<bool(const ScannedTrace&)>& each) -> Status {
    constexpr std::uint64_t kNow = std::numeric_limits<std::uint64_t>::max();
    std::set<TraceId> seen;  // tops
    for (const auto& [id, unused] : traces) {
      const auto family = FamilyOf(id, kNow, aliases);
      if (!family) return family.error();
      if (!seen.insert(family->front().trace).second) continue;
      const std::vector<SpanRecord> spans = SpansOf(traces, *family);
      if (!each({spans, {}})) break;
    }
    return {};
  };
}

Result<Page> MemoryStore::Search(const Query& query, const Budget& budget) {
  const auto cursor = DecodeCursor(query);
  if (!cursor) return cursor.error();
  MutexLock lock(mutex_);
  const Cursor from = cursor->value_or(FirstCursor(sequence_));
  return ScanSearch(AsOf(from.horizon, traces_, aliases_), query, budget, from);
}

Result<std::vector<ServiceInfo>> MemoryStore::Services() {
  MutexLock lock(mutex_);
  return ScanServices(Now());
}

Result<Listing<OperationInfo>> MemoryStore::Operations(const std::string& service) {
  MutexLock lock(mutex_);
  return ScanOperations(Now(), service);
}

Result<Listing<AttributeKeyInfo>> MemoryStore::AttributeKeys() {
  MutexLock lock(mutex_);
  return ScanAttributeKeys(Now());
}

Result<DependencyGraph> MemoryStore::Dependencies(UnixNanos start_min, UnixNanos start_max) {
  MutexLock lock(mutex_);
  return ScanDependencies(Whole(traces_, aliases_), start_min, start_max);
}

StoreStats MemoryStore::Stats() {
  MutexLock lock(mutex_);
  StoreStats stats;
  stats.traces = traces_.size();
  stats.joins = joiner_.counters();
  for (const auto& [unused, trace] : traces_) {
    const UnixNanos start = trace.spans.front().start;
    if (stats.spans == 0 || start < stats.oldest) stats.oldest = start;
    stats.spans += trace.spans.size();
  }
  return stats;
}

void MemoryStore::Forget(const TraceId& trace) {
  MutexLock lock(mutex_);
  const auto family = FamilyOf(trace, sequence_, aliases_);
  CLEW_CHECK(family.has_value());  // memory is always read
  for (const FamilyMember& member : *family) traces_.erase(member.trace);
  aliases_.Forget(*family);
}

}  // namespace clew::store
