#include <grpcpp/grpcpp.h>

#include "base/rpc/status.h"
#include "cli/query_client.h"
#include "query/v1/query.grpc.pb.h"

namespace clew::cli {
namespace {

namespace api = query::v1;

// The server is another process: a message is held in memory, so its size has an end.
constexpr int kMaxMessageBytes = 16 << 20;

// The chunks of a trace. The time limit is for each of them: a deadline of the whole call would
// also end one that takes long because it has much to say.
class ChunkReader {
 public:
  ChunkReader(api::QueryService::Stub& stub, const api::GetTraceRequest& request,
              std::chrono::nanoseconds timeout)
      : timeout_(std::chrono::duration_cast<std::chrono::system_clock::duration>(timeout)),
        reader_(stub.AsyncGetTrace(&context_, request, &queue_, nullptr)) {
    open_ = Completes();
  }
  bool Read(api::GetTraceResponse& chunk) {
    if (!open_) return false;
    reader_->Read(&chunk, nullptr);
    open_ = Completes();
    return open_;
  }
  // Ends the call without the rest. Must be called once.
  grpc::Status Finish() {
    if (open_) context_.TryCancel();
    grpc::Status status;
    reader_->Finish(&status, nullptr);
    (void)Completes();
    if (late_) return {grpc::StatusCode::DEADLINE_EXCEEDED, "no chunk in time"};
    return open_ ? grpc::Status::OK : status;
  }

 private:
  // The operation that was begun has ended, and well. One that takes too long is ended with the
  // call.
  bool Completes() {
    void* tag = nullptr;
    bool ok = false;
    const auto end = std::chrono::system_clock::now() + timeout_;
    if (queue_.AsyncNext(&tag, &ok, end) == grpc::CompletionQueue::GOT_EVENT) return ok;
    late_ = true;
    context_.TryCancel();
    (void)queue_.Next(&tag, &ok);
    return false;
  }

  const std::chrono::system_clock::duration timeout_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReader<api::GetTraceResponse>> reader_;
  bool open_ = false;  // there may be another chunk
  bool late_ = false;
};

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

  Status GetTrace(const std::string& trace_id,
                  const std::function<bool(api::GetTraceResponse&)>& each) override {
    api::GetTraceRequest request;
    request.set_trace_id(trace_id);
    ChunkReader reader(*stub_, request, timeout_);
    api::GetTraceResponse chunk;
    while (reader.Read(chunk) && each(chunk)) {
    }
    return ToStatus(reader.Finish());
  }

  Status SearchTraces(const api::SearchTracesRequest& request,
                      const std::function<void(const api::TraceSummary&)>& each,
                      api::PageEnd& end) override {
    grpc::ClientContext context;
    SetDeadline(context);
    const auto reader = stub_->SearchTraces(&context, request);
    api::SearchTracesResponse part;
    while (reader->Read(&part)) {
      if (part.has_trace()) each(part.trace());
      if (part.has_end()) end = part.end();
    }
    return ToStatus(reader->Finish());
  }

  Status ListServices(api::ListServicesResponse& out) override {
    grpc::ClientContext context;
    SetDeadline(context);
    return ToStatus(stub_->ListServices(&context, {}, &out));
  }

  Status ListOperations(const std::string& service, api::ListOperationsResponse& out) override {
    grpc::ClientContext context;
    SetDeadline(context);
    api::ListOperationsRequest request;
    request.set_service(service);
    return ToStatus(stub_->ListOperations(&context, request, &out));
  }

  Status ListAttributeKeys(api::ListAttributeKeysResponse& out) override {
    grpc::ClientContext context;
    SetDeadline(context);
    return ToStatus(stub_->ListAttributeKeys(&context, {}, &out));
  }

  Status GetDependencies(const api::GetDependenciesRequest& request,
                         api::GetDependenciesResponse& out) override {
    grpc::ClientContext context;
    SetDeadline(context);
    return ToStatus(stub_->GetDependencies(&context, request, &out));
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
    return Error{rpc::CodeOf(status.error_code()), status.error_message()};
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
