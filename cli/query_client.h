// What tracectl asks a collector. A seam: commands are tested against a fake, main uses gRPC.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace clew::query::v1 {
class GetDependenciesRequest;
class GetDependenciesResponse;
class GetStatusResponse;
class GetTraceResponse;
class ListAttributeKeysResponse;
class ListOperationsResponse;
class ListServicesResponse;
class PageEnd;
class SearchTracesRequest;
class TraceSummary;
}  // namespace clew::query::v1

namespace clew::cli {

// Errors of all calls: kUnavailable (no such server, no answer in time), kDenied, kInvalid (the
// server does not accept the question; the message says why), kNotFound, kExhausted (an answer
// larger than we take), kInternal. A call that fails midway has handed out what came before.
class QueryClient {
 public:
  virtual ~QueryClient() = default;
  // Hands over every span of the trace whose hex id is, or begins with, `trace_id` (8 to 32
  // digits), in order of their starts, in chunks that `each` may take apart; false ends the call,
  // which then went well.
  virtual Status GetTrace(const std::string& trace_id,
                          const std::function<bool(query::v1::GetTraceResponse&)>& each) = 0;
  // One page, in the order asked for.
  virtual Status SearchTraces(const query::v1::SearchTracesRequest& request,
                              const std::function<void(const query::v1::TraceSummary&)>& each,
                              query::v1::PageEnd& end) = 0;
  virtual Status ListServices(query::v1::ListServicesResponse& out) = 0;
  virtual Status ListOperations(const std::string& service,
                                query::v1::ListOperationsResponse& out) = 0;
  virtual Status ListAttributeKeys(query::v1::ListAttributeKeysResponse& out) = 0;
  virtual Status GetDependencies(const query::v1::GetDependenciesRequest& request,
                                 query::v1::GetDependenciesResponse& out) = 0;
  virtual Status GetStatus(query::v1::GetStatusResponse& out) = 0;
};

// `address` is HOST:PORT or unix:PATH. Connects with the first call; each call ends after
// `timeout`, GetTrace when no chunk comes for that long.
std::unique_ptr<QueryClient> MakeGrpcQueryClient(const std::string& address,
                                                 std::chrono::nanoseconds timeout);

}  // namespace clew::cli
