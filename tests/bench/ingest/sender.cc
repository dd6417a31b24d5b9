#include "sender.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace clew::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr const char* kExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

double Since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

using Stubs = std::vector<std::unique_ptr<grpc::GenericStub>>;

class Sending {
 public:
  Sending(const Stubs& stubs, const std::vector<std::string>& requests)
      : stubs_(stubs), requests_(requests) {
    result_.acked.resize(requests.size());
  }

  SendResult Run(int in_flight) {
    const auto begin = Clock::now();
    running_ = in_flight;
    for (int i = 0; i < in_flight; ++i)
      Next(std::make_shared<Call>(*stubs_[static_cast<std::size_t>(i) % stubs_.size()]));
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
    result_.seconds = Since(begin);
    return std::move(result_);
  }

 private:
  // One of the requests under way; used for one after the other.
  struct Call {
    explicit Call(grpc::GenericStub& stub) : stub(stub) {}
    grpc::GenericStub& stub;
    grpc::ClientContext* context = nullptr;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
    Clock::time_point begin;
  };

  void Next(const std::shared_ptr<Call>& call) {
    const std::size_t number = next_.fetch_add(1);
    if (number >= requests_.size()) {
      const std::lock_guard lock(mutex_);
      if (--running_ == 0) idle_.notify_all();
      return;
    }
    const std::string& bytes = requests_[number];
    const grpc::Slice slice(bytes.data(), bytes.size(), grpc::Slice::STATIC_SLICE);
    call->request = grpc::ByteBuffer(&slice, 1);
    call->response.Clear();
    auto context = std::make_unique<grpc::ClientContext>();
    call->context = context.get();
    {
      const std::lock_guard lock(mutex_);
      contexts_.push_back(std::move(context));
    }
    call->begin = Clock::now();
    call->stub.UnaryCall(call->context, kExport, {}, &call->request, &call->response,
                         [this, call, number](const grpc::Status& status) {
                           OnAnswer(*call, number, status);
                           if (!status.ok()) next_ = requests_.size();
                           Next(call);
                         });
  }

  void OnAnswer(const Call& call, std::size_t number, const grpc::Status& status) {
    const double seconds = Since(call.begin);
    const std::lock_guard lock(mutex_);
    if (!status.ok()) {
      if (result_.first_error.empty()) result_.first_error = status.error_message();
    } else if (call.response.Length() > 0) {
      if (result_.first_error.empty()) result_.first_error = "partial success";
    } else {
      result_.acked[number] = 1;
      result_.ack_seconds.push_back(seconds);
    }
  }

  const Stubs& stubs_;
  const std::vector<std::string>& requests_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::condition_variable idle_;
  int running_ = 0;
  SendResult result_;
  // Of all calls: gRPC must not see one go in a callback, where its last reference to the channel
  // might go with it.
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts_;
};

}  // namespace

struct Sender::Channels {
  Stubs stubs;
};

Sender::Sender(const std::string& address, int channels) : channels_(std::make_unique<Channels>()) {
  for (int i = 0; i < channels; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
                     1);  // else all channels share one connection
    channels_->stubs.push_back(std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }
}

Sender::~Sender() = default;

SendResult Sender::Send(const std::vector<std::string>& requests, int in_flight) {
  return Sending(channels_->stubs, requests).Run(in_flight);
}

SendResult Send(const std::string& address, const std::vector<std::string>& requests, int channels,
                int in_flight) {
  return Sender(address, channels).Send(requests, in_flight);
}

}  // namespace clew::bench
