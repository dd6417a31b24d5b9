// The answer to a sender that should come back later.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace clew::receiver {

// A serialized google.rpc.Status with a RetryInfo, for the trailer grpc-status-details-bin. With it
// OTLP's RESOURCE_EXHAUSTED is retryable, without it is final. Source: OTLP specification,
// "OTLP/gRPC Throttling"; google/rpc/status.proto, error_details.proto.
std::string RetryDetails(int grpc_code, std::string_view message, std::chrono::milliseconds delay);

}  // namespace clew::receiver
