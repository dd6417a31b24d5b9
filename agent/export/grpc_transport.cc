#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>

#include <unordered_map>
#include <vector>

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

// A call's ClientContext shares the channel, and gRPC joins its callback threads when a channel
// goes: a context must never be the last one that is destroyed by a callback, which would join
// itself. So finished calls are kept until one of our threads comes by.
class GrpcTransport final : public Transport {
 public:
  explicit GrpcTransport(const std::string& endpoint)
      : endpoint_(endpoint), stub_(MakeChannel(endpoint)) {}

  ~GrpcTransport() override {
    MutexLock lock(mutex_);
    for (const auto& [call, owned] : under_way_) call->context.TryCancel();
    while (!under_way_.empty()) idle_.wait(mutex_);
  }

  void Export(std::shared_ptr<const std::string> request, std::chrono::milliseconds timeout,
              Done done) override {
    auto owned = std::make_unique<Call>();
    Call* const call = owned.get();
    call->request = Wrap(std::move(request));
    call->context.set_deadline(std::chrono::system_clock::now() + timeout);
    call->done = std::move(done);
    std::vector<std::unique_ptr<Call>> finished;
    {
      MutexLock lock(mutex_);
      under_way_.emplace(call, std::move(owned));
      finished.swap(finished_);
    }
    stub_.UnaryCall(&call->context, kMethod, grpc::StubOptions(), &call->request, &call->response,
                    [this, call](const grpc::Status& status) { Finish(call, status); });
  }

  const std::string& endpoint() const override { return endpoint_; }

 private:
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
    Done done;
  };

  void Finish(Call* call, const grpc::Status& status) {
    call->done(status.ok() ? ParseResponse(BytesOf(call->response))
                           : ClassifyFailure(status.error_code(), status.error_message(),
                                             status.error_details()));
    MutexLock lock(mutex_);
    const auto found = under_way_.find(call);
    finished_.push_back(std::move(found->second));
    under_way_.erase(found);
    idle_.notify_all();  // under the lock: the destructor may run as soon as it is free
  }

  const std::string endpoint_;
  Mutex mutex_;
  CondVar idle_;
  std::unordered_map<Call*, std::unique_ptr<Call>> under_way_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Call>> finished_ GUARDED_BY(mutex_);
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>
      stub_;  // goes before the mutex that callbacks take
};

}  // namespace

std::unique_ptr<Transport> MakeGrpcTransport(const std::string& endpoint) {
  return std::make_unique<GrpcTransport>(endpoint);
}

}  // namespace clew::exporting
