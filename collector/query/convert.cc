#include "collector/query/convert.h"

#include <algorithm>

#include "base/hex.h"
#include "store/query/parse.h"

namespace clew::query {
namespace {

constexpr std::size_t kNamedCandidates = 5;

v1::Partial ToProto(store::Partial partial) {
  switch (partial) {
    case store::Partial::kNo:
      return v1::PARTIAL_NO;
    case store::Partial::kDeadline:
      return v1::PARTIAL_DEADLINE;
    case store::Partial::kMemory:
      return v1::PARTIAL_MEMORY;
    case store::Partial::kCancelled:
      return v1::PARTIAL_CANCELLED;
    case store::Partial::kUnreadable:
      break;
  }
  return v1::PARTIAL_UNREADABLE;
}

std::string ToLower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

Result<TimeRange> ToTimeRange(std::uint64_t min_unix_nano, std::uint64_t max_unix_nano) {
  const auto too_large = [](const char* field) {
    return Error{Code::kInvalid, std::string(field) + " is over 2^63 nanoseconds"};
  };
  TimeRange range;
  if (min_unix_nano >> 63 != 0) return too_large("start_min");
  if (max_unix_nano >> 63 != 0) return too_large("start_max");
  range.min = UnixNanosFrom(min_unix_nano);
  if (max_unix_nano != 0) range.max = UnixNanosFrom(max_unix_nano);
  if (range.min > range.max) return Error{Code::kInvalid, "start_min is after start_max"};
  return range;
}

Result<store::Query> ToQuery(const v1::SearchTracesRequest& request) {
  const auto range = ToTimeRange(request.start_min_unix_nano(), request.start_max_unix_nano());
  if (!range) return range.error();
  auto conditions = store::ParseConditions(request.query());
  if (!conditions) return Error{Code::kInvalid, "query, " + conditions.error().message};
  if (!v1::Order_IsValid(request.order())) {
    return Error{Code::kInvalid, "order " + std::to_string(request.order()) + " is unknown"};
  }
  store::Query query;
  query.conditions = *std::move(conditions);
  query.start_min = range->min;
  query.start_max = range->max;
  query.order =
      request.order() == v1::ORDER_SLOWEST ? store::Order::kSlowest : store::Order::kNewest;
  query.limit = request.limit() == 0 ? kDefaultLimit : request.limit();
  query.cursor = request.cursor();
  if (const Status valid = store::Validate(query); !valid) return valid.error();
  return query;
}

std::chrono::nanoseconds SearchTime(std::chrono::nanoseconds left) {
  constexpr std::chrono::nanoseconds kMost = std::chrono::minutes(1);
  return std::min(left - left / 10, kMost);
}

v1::TraceSummary ToProto(const store::TraceSummary& summary) {
  v1::TraceSummary out;
  out.set_trace_id(std::string(summary.trace_id.View()));
  out.set_root_service(summary.root_service);
  out.set_root_name(summary.root_name);
  out.set_has_root(summary.has_root);
  out.set_start_unix_nano(ToUint64(summary.start));
  out.set_duration_nano(static_cast<std::uint64_t>((summary.end - summary.start).count()));
  out.set_span_count(summary.span_count);
  out.set_error_count(summary.error_count);
  for (const std::string& service : summary.services) out.add_services(service);
  return out;
}

v1::PageEnd ToPageEnd(const store::Page& page) {
  v1::PageEnd end;
  end.set_next_cursor(page.next_cursor);
  end.set_partial(ToProto(page.partial));
  end.set_partial_detail(page.partial_detail);
  return end;
}

v1::ListServicesResponse ToProto(const std::vector<store::ServiceInfo>& services) {
  v1::ListServicesResponse out;
  for (const store::ServiceInfo& info : services) {
    auto& service = *out.add_services();
    service.set_name(info.name);
    service.set_span_count(info.span_count);
    service.set_last_seen_unix_nano(ToUint64(info.last_seen));
  }
  return out;
}

v1::ListOperationsResponse ToProto(const store::Listing<store::OperationInfo>& operations) {
  v1::ListOperationsResponse out;
  for (const store::OperationInfo& info : operations.items) {
    auto& operation = *out.add_operations();
    operation.set_name(info.name);
    operation.set_kind(info.kind);
    operation.set_span_count(info.span_count);
    operation.set_last_seen_unix_nano(ToUint64(info.last_seen));
  }
  out.set_truncated(operations.truncated);
  return out;
}

v1::ListAttributeKeysResponse ToProto(const store::Listing<store::AttributeKeyInfo>& keys) {
  v1::ListAttributeKeysResponse out;
  for (const store::AttributeKeyInfo& info : keys.items) {
    auto& key = *out.add_keys();
    key.set_key(info.key);
    key.set_of_resource(info.scope == store::AttributeScope::kResource);
    key.set_span_count(info.span_count);
  }
  out.set_truncated(keys.truncated);
  return out;
}

v1::GetDependenciesResponse ToProto(const store::DependencyGraph& graph) {
  // A span may end before it begins; no call took less than nothing.
  const auto nanos = [](std::chrono::nanoseconds duration) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  };
  v1::GetDependenciesResponse out;
  for (const store::Dependency& dependency : graph.edges) {
    auto& edge = *out.add_edges();
    edge.set_caller(dependency.caller);
    edge.set_callee(dependency.callee);
    edge.set_calls(dependency.calls);
    edge.set_errors(dependency.errors);
    edge.set_p50_nano(nanos(dependency.p50));
    edge.set_p95_nano(nanos(dependency.p95));
    edge.set_p99_nano(nanos(dependency.p99));
  }
  out.set_start_min_unix_nano(ToUint64(graph.start_min));
  if (graph.start_max != UnixNanos::max()) out.set_start_max_unix_nano(ToUint64(graph.start_max));
  out.set_truncated(graph.truncated);
  return out;
}

Result<TraceId> ResolveTraceId(store::SpanStore& store, const std::string& id) {
  const std::string prefix = ToLower(id);
  if (!IsLowerHex(prefix) || prefix.size() < kMinPrefix || prefix.size() > 2 * TraceId::kSize) {
    return Error{Code::kInvalid, "trace_id is not " + std::to_string(kMinPrefix) +
                                     " to 32 hex digits: \"" + id.substr(0, 64) + "\""};
  }
  if (const auto whole = TraceId::FromHex(prefix)) return *whole;
  const auto found = store.FindByPrefix(prefix, kNamedCandidates + 1);
  if (!found) return found.error();
  if (found->empty()) return Error{Code::kNotFound, "no trace begins with " + prefix};
  if (found->size() == 1) return found->front();
  std::string message = prefix + " fits several traces:";
  for (std::size_t i = 0; i < std::min(found->size(), kNamedCandidates); ++i) {
    message += " " + (*found)[i].ToHex();
  }
  if (found->size() > kNamedCandidates) message += " ...";
  return Error{Code::kInvalid, message};
}

}  // namespace clew::query
