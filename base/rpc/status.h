// Errors on their way through gRPC, each code to its likest and back.
#pragma once

#include <grpcpp/support/status.h>

#include "base/result.h"

namespace clew::rpc {

grpc::Status ToGrpc(const Error& error);
// Of a call that failed.
Code CodeOf(grpc::StatusCode code);

}  // namespace clew::rpc
