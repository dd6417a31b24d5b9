#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>

#include <unordered_set>

#include "agent/export/transport.h"
#include "base/mutex.h"

namespace clew::exporting {
namespace {

constexpr char kMethod[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr int kMaxResponseBytes = 1 << 20;
// A collector that restarts is found again quickly; the exporter's own breaker sees to it that it
// is not asked too often.
constexpr int kMinReconnectMs = 100;
constexpr int kMaxReconnectMs = 5000;

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kMinReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kMinReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMs);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // retries are the exporter's, which counts them
  arguments.SetMaxReceiveMessageSize(kMaxResponseBytes);
  arguments.SetUserAgentPrefix("clew-agent/" CLEW_VERSION);
  return grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments);
}

// A view of `request` that shares its ownership: the bytes are not copied.
grpc::ByteBuffer Wrap(std::shared_ptr<const std::string> request) {
  auto* owner = new std::shared_ptr<const std::string>(std::move(request));
  const grpc::Slice slice(
      const_cast<char*>((*owner)->data()), (*owner)->size(),
      [](void* held) { delete static_cast<std::shared_ptr<const std::string>*>(held); }, owner);
  return grpc::ByteBuffer(&slice, 1);
}

std::string BytesOf(grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Dump(&slices).ok()) return out;
  for (const grpc::Slice& slice : slices)
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return out;
}

class GrpcTransport final : public Transport {
 public:
  explicit GrpcTransport(const std::string& endpoint)
      : endpoint_(endpoint), stub_(MakeChannel(endpoint)) {}

  ~GrpcTransport() override {
    MutexLock lock(mutex_);
    for (Call* call : calls_) call->context.TryCancel();
    idle_.wait(mutex_, [this]() { return calls_.empty(); });
  }

  void Export(std::shared_ptr<const std::string> request, std::chrono::milliseconds timeout,
              Done done) override {
    auto call = std::make_shared<Call>();
    call->request = Wrap(std::move(request));
    call->context.set_deadline(std::chrono::system_clock::now() + timeout);
    {
      MutexLock lock(mutex_);
      calls_.insert(call.get());
    }
    stub_.UnaryCall(&call->context, kMethod, grpc::StubOptions(), &call->request, &call->response,
                    [this, call, done = std::move(done)](const grpc::Status& status) {
                      done(status.ok()
                               ? ParseResponse(BytesOf(call->response))
                               : ClassifyFailure(status.error_code(), status.error_message(),
                                                 status.error_details()));
                      MutexLock lock(mutex_);
                      calls_.erase(call.get());
                      // Under the lock: the destructor may run as soon as it is free.
                      idle_.notify_all();
                    });
  }

  const std::string& endpoint() const override { return endpoint_; }

 private:
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
  };

  const std::string endpoint_;
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub_;
  Mutex mutex_;
  CondVar idle_;
  std::unordered_set<Call*> calls_ GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Transport> MakeGrpcTransport(const std::string& endpoint) {
  return std::make_unique<GrpcTransport>(endpoint);
}

}  // namespace clew::exporting
