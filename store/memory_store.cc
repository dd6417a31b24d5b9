#include "store/memory_store.h"

#include <algorithm>

namespace clew::store {
namespace {

// The earliest root, else the earliest span; ties by id, service, name.
bool NamesTraceBefore(const SpanRecord& a, const SpanRecord& b) {
  const bool a_root = !a.parent_id.valid();
  const bool b_root = !b.parent_id.valid();
  if (a_root != b_root) return a_root;
  return std::tie(a.start, a.span_id, a.service, a.name) <
         std::tie(b.start, b.span_id, b.service, b.name);
}

TraceSummary Summarize(const std::vector<SpanRecord>& spans) {
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

bool Matches(const TraceSummary& summary, const std::vector<SpanRecord>& spans,
             const TraceQuery& query) {
  const auto duration = summary.end - summary.start;
  if (summary.start < query.start_min || summary.start > query.start_max) return false;
  if (duration < query.duration_min || duration > query.duration_max) return false;
  if (query.errors_only && summary.error_count == 0) return false;
  return std::any_of(spans.begin(), spans.end(), [&](const SpanRecord& span) {
    return (query.service.empty() || span.service == query.service) &&
           (query.operation.empty() || span.name == query.operation);
  });
}

}  // namespace

Status MemoryStore::Append(const SpanBatch& batch) {
  MutexLock lock(mutex_);
  for (const SpanRecord& span : batch) {
    Trace& trace = traces_[span.trace_id];
    if (trace.contents.emplace(*span.resource, *span.scope, span.span).second) {
      trace.spans.push_back(span);
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

Result<std::vector<TraceSummary>> MemoryStore::Search(const TraceQuery& query) {
  std::vector<TraceSummary> found;
  {
    MutexLock lock(mutex_);
    for (const auto& [id, trace] : traces_) {
      TraceSummary summary = Summarize(trace.spans);
      if (Matches(summary, trace.spans, query)) found.push_back(std::move(summary));
    }
  }
  std::sort(found.begin(), found.end(), [](const TraceSummary& a, const TraceSummary& b) {
    return std::tie(b.start, a.trace_id) < std::tie(a.start, b.trace_id);
  });
  if (found.size() > query.limit) found.resize(query.limit);
  return found;
}

Result<std::vector<ServiceInfo>> MemoryStore::Services() {
  std::map<std::string, ServiceInfo> services;
  MutexLock lock(mutex_);
  for (const auto& [unused, trace] : traces_) {
    for (const SpanRecord& span : trace.spans) {
      ServiceInfo& service = services[span.service];
      service.name = span.service;
      ++service.span_count;
      service.last_seen = std::max(service.last_seen, span.end);
    }
  }
  std::vector<ServiceInfo> list;
  for (auto& [unused, service] : services) list.push_back(std::move(service));
  return list;
}

StoreStats MemoryStore::Stats() {
  MutexLock lock(mutex_);
  StoreStats stats;
  stats.traces = traces_.size();
  for (const auto& [unused, trace] : traces_) {
    const UnixNanos start = Summarize(trace.spans).start;
    if (stats.spans == 0 || start < stats.oldest) stats.oldest = start;
    stats.spans += trace.spans.size();
  }
  return stats;
}

}  // namespace clew::store
