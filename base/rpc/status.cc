#include "base/rpc/status.h"

namespace clew::rpc {

grpc::Status ToGrpc(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
      return {grpc::StatusCode::INVALID_ARGUMENT, error.message};
    case Code::kNotFound:
      return {grpc::StatusCode::NOT_FOUND, error.message};
    case Code::kUnavailable:
      return {grpc::StatusCode::UNAVAILABLE, error.message};
    case Code::kExhausted:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, error.message};
    case Code::kDenied:
      return {grpc::StatusCode::PERMISSION_DENIED, error.message};
    case Code::kCorrupt:
      return {grpc::StatusCode::DATA_LOSS, error.message};
    case Code::kUnsupported:
      return {grpc::StatusCode::UNIMPLEMENTED, error.message};
    case Code::kInternal:
      break;
  }
  return {grpc::StatusCode::INTERNAL, error.message};
}

Code CodeOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
      return Code::kInvalid;
    case grpc::StatusCode::NOT_FOUND:
      return Code::kNotFound;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Code::kUnavailable;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return Code::kDenied;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Code::kExhausted;
    case grpc::StatusCode::UNIMPLEMENTED:
      return Code::kUnsupported;
    case grpc::StatusCode::DATA_LOSS:
      return Code::kCorrupt;
    default:
      return Code::kInternal;
  }
}

}  // namespace clew::rpc
