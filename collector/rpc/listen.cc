#include "collector/rpc/listen.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

namespace clew::rpc {

Result<Listening> Listen(const ListenOptions& options, grpc::Service& service) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options.address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  grpc::ResourceQuota quota;
  quota.Resize(options.memory_bytes).SetMaxThreads(options.max_threads);
  builder.SetResourceQuota(quota);
  // Without this a second collector on the same port would quietly take half of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 256);
  // Exporters send keep-alive pings every few seconds; gRPC's default calls that abuse and hangs
  // up.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
  if (options.raw_compressed) {
    builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  } else {
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  }
  Listening listening;
  listening.server = builder.BuildAndStart();
  if (listening.server == nullptr || port == 0) {
    return Error{Code::kUnavailable,
                 "listen on " + options.address + ": the address is in use or not ours"};
  }
  listening.address = options.address;
  if (options.address.starts_with("unix:")) return listening;
  listening.address =
      options.address.substr(0, options.address.rfind(':') + 1) + std::to_string(port);
  return listening;
}

}  // namespace clew::rpc
