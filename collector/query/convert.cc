#include "collector/query/convert.h"

#include <algorithm>

#include "store/keys.h"

namespace clew::query {
namespace {

constexpr std::size_t kNamedCandidates = 5;

// Protocol: 0 is no bound. False when it does not fit 63 bits.
template <typename Rep>
bool SetBound(std::uint64_t wire, Rep& bound) {
  if (wire >> 63 != 0) return false;
  if (wire == 0) return true;
  if constexpr (std::is_same_v<Rep, UnixNanos>) {
    bound = UnixNanosFrom(wire);
  } else {
    bound = std::chrono::nanoseconds(wire);
  }
  return true;
}

Error TooLarge(const char* field) {
  return Error{Code::kInvalid, std::string(field) + " is over 2^63 nanoseconds"};
}

std::string ToLower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

Result<store::TraceQuery> ToTraceQuery(const v1::SearchTracesRequest& request) {
  store::TraceQuery query;
  query.service = request.service();
  query.operation = request.operation();
  query.errors_only = request.errors_only();
  query.limit = request.limit() == 0 ? kDefaultLimit : request.limit();
  if (query.service.size() > store::kMaxServiceName) {
    return Error{Code::kInvalid,
                 "service is over " + std::to_string(store::kMaxServiceName) + " bytes"};
  }
  if (query.limit > kMaxLimit) {
    return Error{Code::kInvalid, "limit is over " + std::to_string(kMaxLimit)};
  }
  if (!SetBound(request.start_min_unix_nano(), query.start_min)) return TooLarge("start_min");
  if (!SetBound(request.start_max_unix_nano(), query.start_max)) return TooLarge("start_max");
  if (!SetBound(request.duration_min_nano(), query.duration_min)) return TooLarge("duration_min");
  if (!SetBound(request.duration_max_nano(), query.duration_max)) return TooLarge("duration_max");
  if (query.start_min > query.start_max) {
    return Error{Code::kInvalid, "start_min is after start_max"};
  }
  if (query.duration_min > query.duration_max) {
    return Error{Code::kInvalid, "duration_min is over duration_max"};
  }
  return query;
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

Result<TraceId> ResolveTraceId(store::SpanStore& store, const std::string& id) {
  const std::string prefix = ToLower(id);
  const bool hex = prefix.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex || prefix.size() < kMinPrefix || prefix.size() > 2 * TraceId::kSize) {
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
