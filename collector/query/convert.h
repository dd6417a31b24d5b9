// Between the query protocol and the store's types. What a client sends is checked here, with a
// message for a human.
#pragma once

#include <string>

#include "base/result.h"
#include "query/v1/query.pb.h"
#include "store/span_store.h"

namespace clew::query {

inline constexpr std::uint32_t kDefaultLimit = 20;
inline constexpr std::uint32_t kMaxLimit = 10'000;
inline constexpr std::size_t kMinPrefix = 8;  // hex digits of a trace id

// kInvalid says which field is wrong and why.
Result<store::TraceQuery> ToTraceQuery(const v1::SearchTracesRequest& request);

v1::TraceSummary ToProto(const store::TraceSummary& summary);

// The one trace that `id` means: 32 hex digits, or a prefix of at least kMinPrefix that fits one
// stored trace. Either case. kInvalid for what is no id and for a prefix that fits several, which
// it names; kNotFound.
Result<TraceId> ResolveTraceId(store::SpanStore& store, const std::string& id);

}  // namespace clew::query
