#include "collector/receiver/otlp_server.h"

#include <grpcpp/support/byte_buffer.h>

#include <protozero/pbf_writer.hpp>

#include "base/log.h"
#include "collector/receiver/decode.h"
#include "collector/receiver/inflate.h"
#include "collector/receiver/retry_info.h"
#include "collector/rpc/listen.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace clew::receiver {
namespace {

namespace otlp_rpc = opentelemetry::proto::collector::trace::v1;

// A busy collector answers within milliseconds, a store that recovers within seconds; a full disk
// takes a human.
constexpr std::chrono::milliseconds kRetryWhenBusy{200};
constexpr std::chrono::seconds kRetryWhenRecovering{2};
constexpr std::chrono::seconds kRetryWhenFull{30};

grpc::ByteBuffer ToBuffer(const std::string& message) {
  const grpc::Slice slice(message);
  return grpc::ByteBuffer(&slice, 1);
}

// ExportTraceServiceResponse; empty when nothing was rejected.
std::string ResponseFor(std::uint64_t rejected, const std::string& message) {
  std::string response;
  if (rejected == 0) return response;
  protozero::pbf_writer out(response);
  protozero::pbf_writer partial(out, 1);
  partial.add_int64(1, static_cast<std::int64_t>(rejected));
  partial.add_string(2, message);
  return response;
}

grpc::Status RetryLater(grpc::StatusCode code, const std::string& message,
                        std::chrono::milliseconds delay) {
  return {code, message, RetryDetails(code, message, delay)};
}

grpc::Status FromStoreError(const Error& error) {
  if (error.code == Code::kExhausted) {
    return RetryLater(grpc::StatusCode::RESOURCE_EXHAUSTED, error.message, kRetryWhenFull);
  }
  return RetryLater(grpc::StatusCode::UNAVAILABLE, error.message, kRetryWhenRecovering);
}

// The request's bytes in one piece: without a copy when they came in one.
Result<grpc::Slice> Flatten(const grpc::ByteBuffer& request) {
  grpc::Slice slice;
  if (!request.Valid() || request.Length() == 0) return slice;
  if (request.TrySingleSlice(&slice).ok()) return slice;
  const grpc::Status status = request.DumpToSingleSlice(&slice);
  if (!status.ok()) return Error{Code::kInternal, status.error_message()};
  return slice;
}

class TraceService final
    : public otlp_rpc::TraceService::WithRawCallbackMethod_Export<otlp_rpc::TraceService::Service> {
 public:
  TraceService(std::size_t max_message_bytes, pipeline::Committer& committer,
               pipeline::ByteBudget& in_flight, collector::Counters& counters)
      : max_message_bytes_(max_message_bytes),
        committer_(committer),
        in_flight_(in_flight),
        counters_(counters) {}

  grpc::ServerUnaryReactor* Export(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    auto call = std::make_shared<Call>();
    call->reactor = reactor;
    call->response = response;
    call->share = in_flight_.Take(request->Valid() ? request->Length() : 0);
    if (call->share) {
      Receive(*request, std::move(call));
    } else {
      Overloaded(*call);
    }
    return reactor;
  }

 private:
  // A request until it is answered.
  struct Call {
    grpc::ServerUnaryReactor* reactor = nullptr;
    grpc::ByteBuffer* response = nullptr;
    pipeline::ByteBudget::Share share;
    std::uint64_t accepted = 0;
    std::uint64_t rejected = 0;
    std::string rejection;
  };

  void Overloaded(Call& call) {
    ++counters_.requests_overloaded;
    call.reactor->Finish(RetryLater(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                    "too many bytes in flight", kRetryWhenBusy));
  }
  void Malformed(Call& call, const Error& error) {
    ++counters_.requests_malformed;
    // Without RetryInfo: whatever is wrong with the request, it will be again.
    const auto code = error.code == Code::kExhausted ? grpc::StatusCode::RESOURCE_EXHAUSTED
                                                     : grpc::StatusCode::INVALID_ARGUMENT;
    call.reactor->Finish({code, error.message});
  }

  void Receive(const grpc::ByteBuffer& request, std::shared_ptr<Call> call) {
    const auto slice = Flatten(request);
    if (!slice) return Malformed(*call, slice.error());
    const std::string_view message(reinterpret_cast<const char*>(slice->begin()), slice->size());
    if (!LooksCompressed(message)) return Decode(message, std::move(call));
    const auto inflated = Inflate(message, max_message_bytes_);
    if (!inflated) return Malformed(*call, inflated.error());
    call->share = in_flight_.Take(inflated->size());
    if (!call->share) return Overloaded(*call);
    Decode(*inflated, std::move(call));
  }

  void Decode(std::string_view message, std::shared_ptr<Call> call) {
    counters_.bytes_received += message.size();
    auto decoded = DecodeRequest(message, UnixClock::now());
    if (!decoded) return Malformed(*call, decoded.error());
    call->accepted = decoded->spans.size();
    call->rejected = decoded->rejected_total();
    call->rejection = DescribeRejections(*decoded);
    counters_.spans_received += call->accepted + call->rejected;
    for (std::size_t i = 0; i < kRejectReasons; ++i) {
      counters_.spans_rejected[i] += decoded->rejected[i];
    }
    if (call->accepted == 0) return Answer(*call, {});
    committer_.Submit(std::move(decoded->spans),
                      [this, call](const Status& status) { Answer(*call, status); });
  }

  void Answer(Call& call, const Status& stored) {
    if (!stored) {
      ++counters_.requests_failed;
      LOG_ERROR("spans not stored", {"error", stored.error().message});
      call.reactor->Finish(FromStoreError(stored.error()));
      return;
    }
    ++counters_.requests_stored;
    counters_.spans_accepted += call.accepted;
    *call.response = ToBuffer(ResponseFor(call.rejected, call.rejection));
    call.reactor->Finish(grpc::Status::OK);
  }

  const std::size_t max_message_bytes_;
  pipeline::Committer& committer_;
  pipeline::ByteBudget& in_flight_;
  collector::Counters& counters_;
};

class Server final : public OtlpServer {
 public:
  Server(std::unique_ptr<TraceService> service, rpc::Listening listening)
      : service_(std::move(service)), listening_(std::move(listening)) {}
  ~Server() override { Shutdown({}); }

  const std::string& address() const override { return listening_.address; }
  void Shutdown(std::chrono::milliseconds patience) override {
    listening_.server->Shutdown(std::chrono::system_clock::now() + patience);
  }

 private:
  std::unique_ptr<TraceService> service_;
  rpc::Listening listening_;  // uses service_
};

}  // namespace

Result<std::unique_ptr<OtlpServer>> StartOtlpServer(const OtlpServerOptions& options,
                                                    pipeline::Committer& committer,
                                                    pipeline::ByteBudget& in_flight,
                                                    collector::Counters& counters) {
  auto service =
      std::make_unique<TraceService>(options.max_message_bytes, committer, in_flight, counters);
  rpc::ListenOptions listen;
  listen.address = options.listen;
  listen.max_message_bytes = options.max_message_bytes;
  listen.memory_bytes = 4 * options.max_message_bytes;
  listen.raw_compressed = true;
  auto listening = rpc::Listen(listen, *service);
  if (!listening) return listening.error();
  return std::unique_ptr<OtlpServer>(new Server(std::move(service), *std::move(listening)));
}

}  // namespace clew::receiver
