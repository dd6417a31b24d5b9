#include "admin/service/admin_service.h"

#include <chrono>
#include <optional>

#include "admin/service/convert.h"
#include "admin/v1/admin.grpc.pb.h"
#include "base/rpc/status.h"

namespace clew::admin {
namespace {

using rpc::ToGrpc;

// Follows an operation for a caller: says a few times a second how far it is, and ends it when
// nobody listens any more.
template <typename Response>
class StreamWatch {
 public:
  StreamWatch(grpc::ServerContext& context, grpc::ServerWriter<Response>& writer)
      : context_(context), writer_(writer) {}

  store::Watch watch() {
    return {[this](const store::Progress& progress) { Tell(progress); },
            [this] { return context_.IsCancelled(); }};
  }

 private:
  void Tell(const store::Progress& progress) {
    constexpr std::chrono::milliseconds kInterval{200};
    const auto now = std::chrono::steady_clock::now();
    if (last_ && now - *last_ < kInterval) return;
    last_ = now;
    Response response;
    *response.mutable_progress() = ToProto(progress);
    writer_.Write(response);  // a caller who has gone is seen by IsCancelled
  }

  grpc::ServerContext& context_;
  grpc::ServerWriter<Response>& writer_;
  std::optional<std::chrono::steady_clock::time_point> last_;
};

// Writes the report that an operation ended with.
template <typename Response, typename Report>
grpc::Status Finish(const Result<Report>& done, grpc::ServerContext& context,
                    grpc::ServerWriter<Response>& writer) {
  if (context.IsCancelled()) return grpc::Status::CANCELLED;
  if (!done) return ToGrpc(done.error());
  Response response;
  *response.mutable_report() = ToProto(*done);
  return writer.Write(response) ? grpc::Status::OK : grpc::Status::CANCELLED;
}

class Service final : public v1::AdminService::Service {
 public:
  explicit Service(store::Administration& store) : store_(store) {}

  grpc::Status Check(grpc::ServerContext* context, const v1::CheckRequest*,
                     grpc::ServerWriter<v1::CheckResponse>* writer) override {
    StreamWatch<v1::CheckResponse> stream(*context, *writer);
    const auto each = [writer](const store::Damage& damage) {
      v1::CheckResponse response;
      *response.mutable_damage() = ToProto(damage);
      writer->Write(response);
    };
    return Finish(store_.Check(each, stream.watch()), *context, *writer);
  }

  grpc::Status GetDetails(grpc::ServerContext*, const v1::GetDetailsRequest*,
                          v1::GetDetailsResponse* response) override {
    const auto details = store_.Details();
    if (!details) return ToGrpc(details.error());
    *response = ToProto(*details);
    return grpc::Status::OK;
  }

  grpc::Status Backup(grpc::ServerContext* context, const v1::BackupRequest* request,
                      grpc::ServerWriter<v1::BackupResponse>* writer) override {
    StreamWatch<v1::BackupResponse> stream(*context, *writer);
    return Finish(store_.Backup(request->path(), stream.watch()), *context, *writer);
  }

  grpc::Status Compact(grpc::ServerContext* context, const v1::CompactRequest*,
                       grpc::ServerWriter<v1::CompactResponse>* writer) override {
    StreamWatch<v1::CompactResponse> stream(*context, *writer);
    return Finish(store_.Compact(stream.watch()), *context, *writer);
  }

  grpc::Status Retain(grpc::ServerContext* context, const v1::RetainRequest* request,
                      grpc::ServerWriter<v1::RetainResponse>* writer) override {
    StreamWatch<v1::RetainResponse> stream(*context, *writer);
    std::optional<store::RetentionPolicy> policy;
    if (request->has_policy()) policy = FromProto(request->policy());
    return Finish(store_.Retain(policy, request->dry_run(), stream.watch()), *context, *writer);
  }

 private:
  store::Administration& store_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAdminService(store::Administration& store) {
  return std::make_unique<Service>(store);
}

}  // namespace clew::admin
