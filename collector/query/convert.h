// Between the query protocol and the store's types. What a client sends is checked here, with a
// message for a human.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "query/v1/query.pb.h"
#include "store/span_store.h"

namespace clew::query {

inline constexpr std::uint32_t kDefaultLimit = 20;
inline constexpr std::size_t kMinPrefix = 8;  // hex digits of a trace id

// kInvalid says which field is wrong and why.
Result<store::Query> ToQuery(const v1::SearchTracesRequest& request);

// Bounds of a range, inclusive. In the protocol 0 is no bound.
struct TimeRange {
  UnixNanos min{};
  UnixNanos max = UnixNanos::max();
};
// kInvalid says which bound is wrong and why.
Result<TimeRange> ToTimeRange(std::uint64_t min_unix_nano, std::uint64_t max_unix_nano);

// What a search may take of the time that is left until the caller gives up, so that its answer
// still arrives: nine tenths of it, and a minute at most.
std::chrono::nanoseconds SearchTime(std::chrono::nanoseconds left);

v1::TraceSummary ToProto(const store::TraceSummary& summary);
// All but the traces.
v1::PageEnd ToPageEnd(const store::Page& page);
v1::ListServicesResponse ToProto(const std::vector<store::ServiceInfo>& services);
v1::ListOperationsResponse ToProto(const store::Listing<store::OperationInfo>& operations);
v1::ListAttributeKeysResponse ToProto(const store::Listing<store::AttributeKeyInfo>& keys);
v1::GetDependenciesResponse ToProto(const store::DependencyGraph& graph);

// The one trace that `id` means: 32 hex digits, or a prefix of at least kMinPrefix that fits one
// stored trace. Either case. kInvalid for what is no id and for a prefix that fits several, which
// it names; kNotFound.
Result<TraceId> ResolveTraceId(store::SpanStore& store, const std::string& id);

}  // namespace clew::query
