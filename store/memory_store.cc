#include "store/memory_store.h"

#include <algorithm>
#include <tuple>

namespace clew::store {
namespace {

bool ComesBefore(const SpanRecord& a, const SpanRecord& b) {
  return std::tie(a.start, a.span_id) < std::tie(b.start, b.span_id);
}

}  // namespace

Status MemoryStore::Append(const SpanBatch& batch) {
  MutexLock lock(mutex_);
  ++sequence_;
  for (const SpanRecord& span : batch) {
    Trace& trace = traces_[span.trace_id];
    if (!trace.contents.emplace(*span.resource, *span.scope, span.span).second) continue;
    trace.spans.insert(std::upper_bound(trace.spans.begin(), trace.spans.end(), span, ComesBefore),
                       span);
    const Place place = PlaceOf(Summarize(trace.spans));
    if (trace.moves.empty() || !(trace.moves.back().place == place)) {
      trace.moves.push_back({sequence_, place});
    }
  }
  return {};
}

Status MemoryStore::ReadTrace(const TraceId& trace,
                              const std::function<bool(const SpanRecord&)>& each) {
  std::vector<SpanRecord> spans;  // a copy, so that `each` may call the store
  {
    MutexLock lock(mutex_);
    const auto found = traces_.find(trace);
    if (found != traces_.end()) spans = found->second.spans;
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

TraceSource MemoryStore::AsOf(std::uint64_t horizon) {
  // The source is used while the caller holds the lock.
  return [this, horizon](const std::function<bool(const ScannedTrace&)>& each) REQUIRES(mutex_) {
    for (const auto& [id, trace] : traces_) {
      const auto later =
          std::find_if(trace.moves.begin(), trace.moves.end(),
                       [horizon](const Move& move) { return move.sequence > horizon; });
      if (later == trace.moves.begin()) continue;
      if (!each({trace.spans, std::prev(later)->place})) break;
    }
    return Status{};
  };
}

Result<Page> MemoryStore::Search(const Query& query, const Budget& budget) {
  const auto cursor = DecodeCursor(query);
  if (!cursor) return cursor.error();
  MutexLock lock(mutex_);
  const Cursor from = cursor->value_or(FirstCursor(sequence_));
  return ScanSearch(AsOf(from.horizon), query, budget, from);
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
  return ScanDependencies(Now(), start_min, start_max);
}

StoreStats MemoryStore::Stats() {
  MutexLock lock(mutex_);
  StoreStats stats;
  stats.traces = traces_.size();
  for (const auto& [unused, trace] : traces_) {
    const UnixNanos start = trace.spans.front().start;
    if (stats.spans == 0 || start < stats.oldest) stats.oldest = start;
    stats.spans += trace.spans.size();
  }
  return stats;
}

void MemoryStore::Forget(const TraceId& trace) {
  MutexLock lock(mutex_);
  traces_.erase(trace);
}

}  // namespace clew::store
