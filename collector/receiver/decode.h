// Turns one ExportTraceServiceRequest into the spans to store, without generated code and with one
// copy of each span.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "collector/receiver/reject_reason.h"
#include "store/span_store.h"

namespace clew::receiver {

struct DecodedRequest {
  store::SpanBatch spans;                                // those that may be stored
  std::array<std::uint64_t, kRejectReasons> rejected{};  // how many were not, by reason
  std::uint64_t rejected_total() const;
};

// `request` is the serialized message. kInvalid when it is not a protobuf message of that shape; a
// span that is one but may not be stored is counted in `rejected`. `now` is what "in the future" is
// measured from. Fields that this version does not know stay in the spans, scopes and resources;
// those of the request itself go.
Result<DecodedRequest> DecodeRequest(std::string_view request, UnixNanos now);

// "3 spans rejected: trace_id is not ... (2); kind is not ... (1)"; empty without any.
std::string DescribeRejections(const DecodedRequest& decoded);

}  // namespace clew::receiver
