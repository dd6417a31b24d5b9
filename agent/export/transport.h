// One collector endpoint as the exporter sees it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace clew::exporting {

// What became of one export call, in the terms of OTLP's specification ("OTLP/gRPC Response",
// "Failures").
struct ExportResult {
  enum class Outcome : std::uint8_t {
    kAccepted,   // perhaps in part: rejected spans are lost, the batch must not be sent again
    kThrottled,  // the server asks for a pause, see retry_delay
    kRetryable,  // the endpoint is not there, or not able now
    kRefused,    // final: the batch is lost
  };
  Outcome outcome = Outcome::kRetryable;
  std::int64_t rejected_spans = 0;
  std::optional<std::chrono::milliseconds> retry_delay;
  std::string message;  // of the server or of the transport
};

class Transport {
 public:
  using Done = std::function<void(ExportResult)>;
  // Cancels what is under way and waits until every `done` has been called.
  virtual ~Transport() = default;
  // Sends an ExportTraceServiceRequest. Does not wait; `done` is called once, on another thread.
  virtual void Export(std::shared_ptr<const std::string> request, std::chrono::milliseconds timeout,
                      Done done) = 0;
  virtual const std::string& endpoint() const = 0;
};

// "host:port" (or any other target that gRPC understands), plaintext.
std::unique_ptr<Transport> MakeGrpcTransport(const std::string& endpoint);

// From the gRPC status code and the "grpc-status-details-bin" of a failed call.
ExportResult ClassifyFailure(int grpc_code, std::string message, const std::string& details);
// From the bytes of an ExportTraceServiceResponse.
ExportResult ParseResponse(const std::string& bytes);

}  // namespace clew::exporting
