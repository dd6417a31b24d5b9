#include "collector/query/query_server.h"

#include <malloc.h>

#include <cstdint>

#include "base/rpc/status.h"
#include "collector/query/convert.h"
#include "collector/query/trace_chunks.h"
#include "collector/rpc/listen.h"
#include "query/v1/query.grpc.pb.h"

namespace clew::query {
namespace {

using rpc::ToGrpc;

// Of a large trace: what its spans took lies about in glibc's arenas when they have been sent, tens of
// MB by the end. Telling glibc to hand large buffers back at once costs each span that comes in 2 us.
constexpr std::uint64_t kSpansBetweenTrims = 32768;

class Service final : public v1::QueryService::Service {
 public:
  Service(QueryServerOptions options, store::SpanStore& store, const collector::Counters& counters)
      : options_(std::move(options)), store_(store), counters_(counters) {}

  grpc::Status GetTrace(grpc::ServerContext* context, const v1::GetTraceRequest* request,
                        grpc::ServerWriter<v1::GetTraceResponse>* writer) override {
    const auto trace = ResolveTraceId(store_, request->trace_id());
    if (!trace) return ToGrpc(trace.error());
    TraceChunks chunks([&](const v1::GetTraceResponse& chunk) {
      return !context->IsCancelled() && writer->Write(chunk);
    });
    bool wanted = true;
    std::uint64_t spans = 0;
    const Status read = store_.ReadTrace(*trace, [&](const store::SpanRecord& span) {
      wanted = chunks.Add(span);
      if (++spans % kSpansBetweenTrims == 0) ::malloc_trim(0);
      return wanted;
    });
    if (!wanted || !chunks.Finish()) return grpc::Status::CANCELLED;
    return read ? grpc::Status::OK : ToGrpc(read.error());
  }

  grpc::Status SearchTraces(grpc::ServerContext* context, const v1::SearchTracesRequest* request,
                            grpc::ServerWriter<v1::SearchTracesResponse>* writer) override {
    const auto query = ToQuery(*request);
    if (!query) return ToGrpc(query.error());
    const auto page = store_.Search(*query, BudgetOf(*context));
    if (!page) return ToGrpc(page.error());
    v1::SearchTracesResponse response;
    for (const store::TraceSummary& summary : page->traces) {
      *response.mutable_trace() = ToProto(summary);
      if (!writer->Write(response)) return grpc::Status::CANCELLED;
    }
    *response.mutable_end() = ToPageEnd(*page);
    return writer->Write(response) ? grpc::Status::OK : grpc::Status::CANCELLED;
  }

  grpc::Status ListServices(grpc::ServerContext*, const v1::ListServicesRequest*,
                            v1::ListServicesResponse* response) override {
    return Answer(store_.Services(), *response);
  }

  grpc::Status ListOperations(grpc::ServerContext*, const v1::ListOperationsRequest* request,
                              v1::ListOperationsResponse* response) override {
    return Answer(store_.Operations(request->service()), *response);
  }

  grpc::Status ListAttributeKeys(grpc::ServerContext*, const v1::ListAttributeKeysRequest*,
                                 v1::ListAttributeKeysResponse* response) override {
    return Answer(store_.AttributeKeys(), *response);
  }

  grpc::Status GetDependencies(grpc::ServerContext*, const v1::GetDependenciesRequest* request,
                               v1::GetDependenciesResponse* response) override {
    const auto range = ToTimeRange(request->start_min_unix_nano(), request->start_max_unix_nano());
    if (!range) return ToGrpc(range.error());
    return Answer(store_.Dependencies(range->min, range->max), *response);
  }

  grpc::Status GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                         v1::GetStatusResponse* response) override {
    const store::StoreStats stats = store_.Stats();
    response->set_version(CLEW_VERSION);
    response->set_start_unix_nano(ToUint64(options_.started));
    response->set_spans_received(counters_.spans_received);
    response->set_spans_stored(stats.spans);
    for (std::size_t i = 0; i < receiver::kRejectReasons; ++i) {
      const std::uint64_t count = counters_.spans_rejected[i];
      if (count == 0) continue;
      (*response->mutable_spans_rejected())[std::string(receiver::kRejectReasonTexts[i].label)] =
          count;
    }
    response->set_store_bytes(stats.bytes_on_disk);
    response->set_trace_count(stats.traces);
    response->set_data_dir(options_.data_dir);
    response->set_oldest_unix_nano(ToUint64(stats.oldest));
    return grpc::Status::OK;
  }

 private:
  static store::Budget BudgetOf(grpc::ServerContext& context) {
    const auto left = context.deadline() - std::chrono::system_clock::now();
    store::Budget budget;
    budget.deadline = std::chrono::steady_clock::now() + SearchTime(left);
    budget.cancelled = [&context] { return context.IsCancelled(); };
    return budget;
  }

  template <typename T, typename Response>
  static grpc::Status Answer(const Result<T>& found, Response& response) {
    if (!found) return ToGrpc(found.error());
    response = ToProto(*found);
    return grpc::Status::OK;
  }

  const QueryServerOptions options_;
  store::SpanStore& store_;
  const collector::Counters& counters_;
};

class Server final : public QueryServer {
 public:
  Server(std::unique_ptr<Service> service, rpc::Listening listening)
      : service_(std::move(service)), listening_(std::move(listening)) {}
  ~Server() override { Shutdown(); }
  const std::string& address() const override { return listening_.address; }
  void Shutdown() override {
    constexpr std::chrono::seconds kPatience{2};  // a reader can ask again
    listening_.server->Shutdown(std::chrono::system_clock::now() + kPatience);
  }

 private:
  std::unique_ptr<Service> service_;
  rpc::Listening listening_;  // uses service_
};

}  // namespace

Result<std::unique_ptr<QueryServer>> StartQueryServer(const QueryServerOptions& options,
                                                      store::SpanStore& store,
                                                      const collector::Counters& counters) {
  auto service = std::make_unique<Service>(options, store, counters);
  rpc::ListenOptions listen;
  listen.address = options.listen;
  auto listening = rpc::Listen(listen, *service);
  if (!listening) return listening.error();
  return std::unique_ptr<QueryServer>(new Server(std::move(service), *std::move(listening)));
}

}  // namespace clew::query
