#include <grpcpp/grpcpp.h>

#include "cli/query_client.h"
#include "query/v1/query.grpc.pb.h"

namespace clew::cli {
namespace {

namespace api = query::v1;
using opentelemetry::proto::trace::v1::TracesData;

// The server is another process: an answer is held in memory, so its size has an end.
constexpr int kMaxMessageBytes = 16 << 20;
constexpr std::size_t kMaxTraceBytes = std::size_t{1} << 30;

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

class GrpcQueryClient : public QueryClient {
 public:
  GrpcQueryClient(const std::string& address, std::chrono::nanoseconds timeout)
      : timeout_(timeout) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
    // The collector is on this host or in this network; a proxy for web traffic is not the way to
    // it.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    stub_ = api::QueryService::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  }

  Status GetTrace(const std::string& trace_id, TracesData& out) override {
    grpc::ClientContext context;
    SetDeadline(context);
    api::GetTraceRequest request;
    request.set_trace_id(trace_id);
    const auto reader = stub_->GetTrace(&context, request);
    api::GetTraceResponse chunk;
    std::size_t bytes = 0;
    while (reader->Read(&chunk)) {
      bytes += chunk.ByteSizeLong();
      if (bytes > kMaxTraceBytes) {
        context.TryCancel();
        (void)reader->Finish();
        return Error{Code::kExhausted, "the trace is larger than 1 GiB: the rest was not read"};
      }
      for (auto& resource_spans : *chunk.mutable_resource_spans()) {
        out.add_resource_spans()->Swap(&resource_spans);
      }
    }
    return ToStatus(reader->Finish());
  }

  Status SearchTraces(const api::SearchTracesRequest& request,
                      const std::function<void(const api::TraceSummary&)>& each) override {
    grpc::ClientContext context;
    SetDeadline(context);
    const auto reader = stub_->SearchTraces(&context, request);
    api::TraceSummary summary;
    while (reader->Read(&summary)) each(summary);
    return ToStatus(reader->Finish());
  }

  Status ListServices(api::ListServicesResponse& out) override {
    grpc::ClientContext context;
    SetDeadline(context);
    return ToStatus(stub_->ListServices(&context, {}, &out));
  }

  Status GetStatus(api::GetStatusResponse& out) override {
    grpc::ClientContext context;
    SetDeadline(context);
    return ToStatus(stub_->GetStatus(&context, {}, &out));
  }

 private:
  void SetDeadline(grpc::ClientContext& context) const {
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::duration_cast<std::chrono::system_clock::duration>(timeout_));
  }

  static Status ToStatus(const grpc::Status& status) {
    if (status.ok()) return {};
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      return Error{Code::kUnavailable, "no answer within the time limit (--timeout)"};
    }
    return Error{CodeOf(status.error_code()), status.error_message()};
  }

  const std::chrono::nanoseconds timeout_;
  std::unique_ptr<api::QueryService::Stub> stub_;
};

}  // namespace

std::unique_ptr<QueryClient> MakeGrpcQueryClient(const std::string& address,
                                                 std::chrono::nanoseconds timeout) {
  return std::make_unique<GrpcQueryClient>(address, timeout);
}

}  // namespace clew::cli
