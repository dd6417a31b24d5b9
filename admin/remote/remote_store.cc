#include "admin/remote/remote_store.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <optional>

#include "admin/service/convert.h"
#include "admin/service/socket.h"
#include "admin/v1/admin.grpc.pb.h"
#include "base/rpc/status.h"

namespace clew::admin {
namespace {

constexpr int kMaxMessageBytes = 64 << 20;  // details have a line for each hour
// How soon an answer that is still to come is given up after somebody has ended it.
constexpr std::chrono::milliseconds kPoll{50};

Error ToError(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::CANCELLED) return store::CancelledError();
  return {rpc::CodeOf(status.error_code()), status.error_message()};
}

// Calls of which the answer comes in parts.
template <typename Response>
class PartReader {
 public:
  using Reader = std::unique_ptr<grpc::ClientAsyncReader<Response>>;
  // `start` begins the call with the context and queue that it is given.
  template <typename Start>
  PartReader(const store::Watch& watch, Start start)
      : watch_(watch), reader_(start(&context_, &queue_)) {
    open_ = Completes();
  }
  bool Read(Response& part) {
    if (!open_) return false;
    reader_->Read(&part, nullptr);
    open_ = Completes();
    return open_;
  }
  // To be called once, when there is no more to read.
  grpc::Status Finish() {
    grpc::Status status;
    reader_->Finish(&status, nullptr);
    (void)Completes();
    return status;
  }

 private:
  // The operation that was begun has ended, and well.
  bool Completes() {
    void* tag = nullptr;
    bool ok = false;
    for (;;) {
      const auto until = std::chrono::system_clock::now() + kPoll;
      if (queue_.AsyncNext(&tag, &ok, until) == grpc::CompletionQueue::GOT_EVENT) return ok;
      if (watch_.Cancelled()) context_.TryCancel();
    }
  }

  const store::Watch& watch_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  Reader reader_;
  bool open_ = false;
};

class RemoteStore final : public store::Administration {
 public:
  explicit RemoteStore(SocketPlace place) : place_(std::move(place)) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
    stub_ = v1::AdminService::NewStub(
        grpc::CreateCustomChannel(place_.address(), grpc::InsecureChannelCredentials(), arguments));
  }

  Result<store::CheckReport> Check(const store::EachDamage& each,
                                   const store::Watch& watch) override {
    PartReader<v1::CheckResponse> reader(watch, [this](auto* context, auto* queue) {
      return stub_->AsyncCheck(context, {}, queue, nullptr);
    });
    return Await<store::CheckReport>(reader, watch, [&each](const v1::CheckResponse& part) {
      if (part.has_damage()) each(FromProto(part.damage()));
    });
  }

  Result<store::StoreDetails> Details() override {
    grpc::ClientContext context;
    v1::GetDetailsResponse response;
    const grpc::Status status = stub_->GetDetails(&context, {}, &response);
    if (!status.ok()) return ToError(status);
    return FromProto(response);
  }

  Result<store::BackupReport> Backup(const std::string& destination,
                                     const store::Watch& watch) override {
    v1::BackupRequest request;
    request.set_path(destination);
    PartReader<v1::BackupResponse> reader(watch, [&](auto* context, auto* queue) {
      return stub_->AsyncBackup(context, request, queue, nullptr);
    });
    return Await<store::BackupReport>(reader, watch, [](const v1::BackupResponse&) {});
  }

  Result<store::CompactReport> Compact(const store::Watch& watch) override {
    PartReader<v1::CompactResponse> reader(watch, [this](auto* context, auto* queue) {
      return stub_->AsyncCompact(context, {}, queue, nullptr);
    });
    return Await<store::CompactReport>(reader, watch, [](const v1::CompactResponse&) {});
  }

  Result<store::RetentionReport> Retain(const std::optional<store::RetentionPolicy>& policy,
                                        bool dry_run, const store::Watch& watch) override {
    v1::RetainRequest request;
    if (policy) *request.mutable_policy() = ToProto(*policy);
    request.set_dry_run(dry_run);
    PartReader<v1::RetainResponse> reader(watch, [&](auto* context, auto* queue) {
      return stub_->AsyncRetain(context, request, queue, nullptr);
    });
    return Await<store::RetentionReport>(reader, watch, [](const v1::RetainResponse&) {});
  }

 private:
  template <typename Report, typename Response, typename Each>
  static Result<Report> Await(PartReader<Response>& reader, const store::Watch& watch, Each each) {
    std::optional<Report> report;
    for (Response part; reader.Read(part);) {
      if (part.has_progress() && watch.progress) watch.progress(FromProto(part.progress()));
      if (part.has_report()) report = FromProto(part.report());
      each(part);
    }
    const grpc::Status status = reader.Finish();
    if (!status.ok()) return ToError(status);
    if (!report) return Error{Code::kInternal, "the collector ended its answer without a report"};
    return *std::move(report);
  }

  const SocketPlace place_;  // the channel's address is in it
  std::unique_ptr<v1::AdminService::Stub> stub_;
};

}  // namespace

Result<std::unique_ptr<store::Administration>> ConnectToCollector(const std::string& data_dir) {
  auto place = SocketPlace::Open(data_dir);
  if (!place && place.error().code == Code::kNotFound) {
    return std::unique_ptr<store::Administration>();
  }
  if (!place) return place.error();
  const auto served = IsServed(*place);
  if (!served) return served.error();
  if (!*served) return std::unique_ptr<store::Administration>();
  return std::unique_ptr<store::Administration>(new RemoteStore(*std::move(place)));
}

}  // namespace clew::admin
