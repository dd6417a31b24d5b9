#include "store/scan.h"

#include <algorithm>
#include <map>
#include <protozero/exception.hpp>
#include <set>
#include <utility>

#include "store/otlp_fields.h"
#include "store/query/attributes.h"
#include "store/sampling_weight.h"

namespace clew::store {
namespace {

Status EachSpan(const TraceSource& source, const std::function<void(const SpanRecord&)>& each) {
  return source([&](const ScannedTrace& trace) {
    for (const SpanRecord& span : trace.spans) each(span);
    return true;
  });
}

// Counts a span in `info`, which has span_count and last_seen.
template <typename Info>
void Count(Info& info, const SpanRecord& span) {
  ++info.span_count;
  info.last_seen = std::max(info.last_seen, span.end);
}

template <typename Map>
auto Values(Map map) {
  std::vector<typename Map::mapped_type> list;
  for (auto& [unused, value] : map) list.push_back(std::move(value));
  return list;
}

// The keys of one message, each once.
std::set<std::string> KeysOf(void (*read)(std::string_view, const EachAttribute&),
                             std::string_view message) {
  std::set<std::string> keys;
  try {
    read(message, [&](std::string_view key, const ValueView&) {
      keys.emplace(key);
      return true;
    });
  } catch (const protozero::exception&) {  // what came before the damage counts
  }
  return keys;
}

struct Call {
  std::chrono::nanoseconds duration{0};
  double weight = 1;
  bool error = false;
};

double WeightOf(const SpanRecord& span) {
  try {
    return SamplingWeight(ReadSpanFields(span.span).trace_state);
  } catch (const protozero::exception&) {
    return 1;
  }
}

// The least duration that `share` of all calls do not exceed. `calls` are sorted.
std::chrono::nanoseconds Quantile(const std::vector<Call>& calls, double total, double share) {
  double seen = 0;
  for (const Call& call : calls) {
    seen += call.weight;
    if (seen >= share * total) return call.duration;
  }
  return calls.back().duration;
}

Dependency Total(const std::pair<std::string, std::string>& edge, std::vector<Call> calls) {
  std::sort(calls.begin(), calls.end(),
            [](const Call& a, const Call& b) { return a.duration < b.duration; });
  Dependency dependency{.caller = edge.first, .callee = edge.second};
  for (const Call& call : calls) {
    dependency.calls += call.weight;
    if (call.error) dependency.errors += call.weight;
  }
  dependency.p50 = Quantile(calls, dependency.calls, 0.50);
  dependency.p95 = Quantile(calls, dependency.calls, 0.95);
  dependency.p99 = Quantile(calls, dependency.calls, 0.99);
  return dependency;
}

}  // namespace

Result<std::vector<ServiceInfo>> ScanServices(const TraceSource& source) {
  std::map<std::string, ServiceInfo> services;
  const Status scanned = EachSpan(source, [&](const SpanRecord& span) {
    ServiceInfo& service = services[span.service];
    service.name = span.service;
    Count(service, span);
  });
  if (!scanned) return scanned.error();
  return Values(std::move(services));
}

Result<Listing<OperationInfo>> ScanOperations(const TraceSource& source,
                                              const std::string& service) {
  std::map<std::pair<std::string, std::uint8_t>, OperationInfo> operations;
  const Status scanned = EachSpan(source, [&](const SpanRecord& span) {
    if (span.service != service) return;
    OperationInfo& operation = operations[{span.name, span.kind}];
    operation.name = span.name;
    operation.kind = span.kind;
    Count(operation, span);
  });
  if (!scanned) return scanned.error();
  return Listing<OperationInfo>{Values(std::move(operations))};
}

Result<Listing<AttributeKeyInfo>> ScanAttributeKeys(const TraceSource& source) {
  std::map<std::pair<std::string, AttributeScope>, AttributeKeyInfo> keys;
  const auto count = [&](const std::set<std::string>& found, AttributeScope scope) {
    for (const std::string& key : found) {
      AttributeKeyInfo& info = keys[{key, scope}];
      info.key = key;
      info.scope = scope;
      ++info.span_count;
    }
  };
  const Status scanned = EachSpan(source, [&](const SpanRecord& span) {
    count(KeysOf(ReadSpanAttributes, span.span), AttributeScope::kSpan);
    count(KeysOf(ReadResourceAttributes, *span.resource), AttributeScope::kResource);
  });
  if (!scanned) return scanned.error();
  return Listing<AttributeKeyInfo>{Values(std::move(keys))};
}

Result<DependencyGraph> ScanDependencies(const TraceSource& source, UnixNanos start_min,
                                         UnixNanos start_max) {
  std::map<std::pair<std::string, std::string>, std::vector<Call>> edges;
  const Status scanned = source([&](const ScannedTrace& trace) {
    std::map<SpanId, const SpanRecord*> by_id;
    for (const SpanRecord& span : trace.spans) by_id.emplace(span.span_id, &span);
    for (const SpanRecord& span : trace.spans) {
      if (span.start < start_min || span.start > start_max) continue;
      const auto parent = by_id.find(span.parent_id);
      if (parent == by_id.end() || parent->second->service == span.service) continue;
      edges[{parent->second->service, span.service}].push_back(
          {span.end - span.start, WeightOf(span), span.status_code == 2});
    }
    return true;
  });
  if (!scanned) return scanned.error();
  DependencyGraph graph{.start_min = start_min, .start_max = start_max};
  for (auto& [edge, calls] : edges) graph.edges.push_back(Total(edge, std::move(calls)));
  return graph;
}

}  // namespace clew::store
