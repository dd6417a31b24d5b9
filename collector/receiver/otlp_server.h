// OTLP/gRPC: opentelemetry.proto.collector.trace.v1.TraceService.
//
//   OK                     every span is on disk, or named in partial_success
//   INVALID_ARGUMENT       not an ExportTraceServiceRequest; sending it again is no use
//   RESOURCE_EXHAUSTED     with RetryInfo: too much in flight, or the disk is full; without: over
//   the size limit UNAVAILABLE            stopping, or the store failed; nothing of it was
//   acknowledged
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "collector/counters.h"
#include "collector/pipeline/byte_budget.h"
#include "collector/pipeline/committer.h"

namespace clew::receiver {

struct OtlpServerOptions {
  std::string listen = "127.0.0.1:4317";
  std::size_t max_message_bytes = 64 << 20;
};

class OtlpServer {
 public:
  virtual ~OtlpServer() = default;
  // HOST:PORT with the real port.
  virtual const std::string& address() const = 0;
  // Takes no new requests and waits for those that it has; after `patience` it drops them.
  virtual void Shutdown(std::chrono::milliseconds patience) = 0;
};

// What is passed by reference must outlive the server. Requests hold their size in `in_flight`
// until answered.
Result<std::unique_ptr<OtlpServer>> StartOtlpServer(const OtlpServerOptions& options,
                                                    pipeline::Committer& committer,
                                                    pipeline::ByteBudget& in_flight,
                                                    collector::Counters& counters);

}  // namespace clew::receiver
