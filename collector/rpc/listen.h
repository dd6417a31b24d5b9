// Starts gRPC servers the way the collector wants them.
#pragma once

#include <grpcpp/server.h>

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"

namespace clew::rpc {

struct ListenOptions {
  std::string address;  // HOST:PORT, port 0 takes a free one; or unix:PATH
  std::size_t max_message_bytes = 4 << 20;
  std::size_t memory_bytes = 64 << 20;  // for messages that are being received, roughly
  int max_threads = 8;                  // of a service that blocks
  // Hand compressed messages to a raw service as they are; it must bound what they become.
  // Otherwise compression is refused: gRPC 1.51 decompresses without a bound.
  bool raw_compressed = false;
};

struct Listening {
  std::unique_ptr<grpc::Server> server;
  std::string address;  // with the real port
};

// Serves `service`, and grpc.health.v1 beside it. `service` must outlive the server. kUnavailable
// when the address cannot be bound, also when another process listens there.
Result<Listening> Listen(const ListenOptions& options, grpc::Service& service);

}  // namespace clew::rpc
