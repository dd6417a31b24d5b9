// What tracectl asks a collector. A seam: commands are tested against a fake, main uses gRPC.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace opentelemetry::proto::trace::v1 {
class TracesData;
}
namespace clew::query::v1 {
class SearchTracesRequest;
class TraceSummary;
class ListServicesResponse;
class GetStatusResponse;
}  // namespace clew::query::v1

namespace clew::cli {

// Errors of all calls: kUnavailable (no such server, no answer in time), kDenied, kInvalid (the
// server does not accept the question; the message says why), kNotFound, kExhausted (an answer
// larger than we take), kInternal. A call that fails midway has handed out what came before.
class QueryClient {
 public:
  virtual ~QueryClient() = default;
  // Adds to `out` every span of the trace whose hex id is, or begins with, `trace_id` (8 to 32
  // digits).
  virtual Status GetTrace(const std::string& trace_id,
                          opentelemetry::proto::trace::v1::TracesData& out) = 0;
  // Newest first.
  virtual Status SearchTraces(const query::v1::SearchTracesRequest& request,
                              const std::function<void(const query::v1::TraceSummary&)>& each) = 0;
  virtual Status ListServices(query::v1::ListServicesResponse& out) = 0;
  virtual Status GetStatus(query::v1::GetStatusResponse& out) = 0;
};

// `address` is HOST:PORT or unix:PATH. Connects with the first call; each call ends after
// `timeout`.
std::unique_ptr<QueryClient> MakeGrpcQueryClient(const std::string& address,
                                                 std::chrono::nanoseconds timeout);

}  // namespace clew::cli
