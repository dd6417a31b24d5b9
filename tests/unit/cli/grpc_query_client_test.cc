// The client against a real gRPC server in this process.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "cli/query_client.h"
#include "query/v1/query.grpc.pb.h"

namespace clew::cli {
namespace {

namespace api = query::v1;

class Service : public api::QueryService::Service {
 public:
  grpc::Status GetTrace(grpc::ServerContext* context, const api::GetTraceRequest* request,
                        grpc::ServerWriter<api::GetTraceResponse>* writer) override {
    if (request->trace_id() == "00000000")
      return {grpc::StatusCode::NOT_FOUND, "no trace 00000000"};
    if (request->trace_id() == "11111111")
      return {grpc::StatusCode::INVALID_ARGUMENT, "fits several"};
    if (request->trace_id() == "22222222") {
      while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return grpc::Status::CANCELLED;
    }
    for (int chunk = 0; chunk < 3; ++chunk) {
      api::GetTraceResponse response;
      response.add_resource_spans()->set_schema_url(std::to_string(chunk));
      writer->Write(response);
    }
    return request->trace_id() == "33333333"
               ? grpc::Status(grpc::StatusCode::DATA_LOSS, "bad block")
               : grpc::Status::OK;
  }
  grpc::Status SearchTraces(grpc::ServerContext*, const api::SearchTracesRequest* request,
                            grpc::ServerWriter<api::TraceSummary>* writer) override {
    for (std::uint32_t i = 0; i < request->limit(); ++i) {
      api::TraceSummary summary;
      summary.set_root_service(request->service());
      summary.set_span_count(i);
      writer->Write(summary);
    }
    return grpc::Status::OK;
  }
  grpc::Status ListServices(grpc::ServerContext*, const api::ListServicesRequest*,
                            api::ListServicesResponse* response) override {
    response->add_services()->set_name("orders");
    return grpc::Status::OK;
  }
};

class GrpcQueryClientTest : public testing::Test {
 protected:
  GrpcQueryClientTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
    client_ = MakeGrpcQueryClient(address_, std::chrono::seconds(20));
  }

  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::unique_ptr<QueryClient> client_;
};

TEST_F(GrpcQueryClientTest, JoinsTheChunksOfATrace) {
  opentelemetry::proto::trace::v1::TracesData traces;
  ASSERT_TRUE(client_->GetTrace("4bf92f35", traces));
  ASSERT_EQ(traces.resource_spans_size(), 3);
  EXPECT_EQ(traces.resource_spans(2).schema_url(), "2");
}

TEST_F(GrpcQueryClientTest, KeepsWhatCameBeforeAFailure) {
  opentelemetry::proto::trace::v1::TracesData traces;
  const Status status = client_->GetTrace("33333333", traces);
  EXPECT_EQ(status.error().code, Code::kCorrupt);
  EXPECT_EQ(status.error().message, "bad block");
  EXPECT_EQ(traces.resource_spans_size(), 3);
}

TEST_F(GrpcQueryClientTest, TellsFailuresApart) {
  opentelemetry::proto::trace::v1::TracesData traces;
  EXPECT_EQ(client_->GetTrace("00000000", traces).error().code, Code::kNotFound);
  EXPECT_EQ(client_->GetTrace("11111111", traces).error().code, Code::kInvalid);
  api::GetStatusResponse state;
  EXPECT_EQ(client_->GetStatus(state).error().code,
            Code::kUnsupported);  // this server does not implement it
}

TEST_F(GrpcQueryClientTest, GivesUpAfterItsTimeout) {
  const auto impatient = MakeGrpcQueryClient(address_, std::chrono::milliseconds(200));
  opentelemetry::proto::trace::v1::TracesData traces;
  EXPECT_EQ(impatient->GetTrace("22222222", traces).error().code, Code::kUnavailable);
}

TEST_F(GrpcQueryClientTest, StreamsSummariesInOrder) {
  api::SearchTracesRequest request;
  request.set_service("orders");
  request.set_limit(50);
  std::uint32_t next = 0;
  ASSERT_TRUE(client_->SearchTraces(request, [&next](const api::TraceSummary& summary) {
    EXPECT_EQ(summary.span_count(), next++);
    EXPECT_EQ(summary.root_service(), "orders");
  }));
  EXPECT_EQ(next, 50u);
}

TEST_F(GrpcQueryClientTest, AServerThatIsGoneIsUnavailableAndTheReasonIsGiven) {
  server_->Shutdown();
  server_.reset();
  api::ListServicesResponse services;
  const Status status = client_->ListServices(services);
  EXPECT_EQ(status.error().code, Code::kUnavailable);
  EXPECT_NE(status.error().message, "");
}

TEST_F(GrpcQueryClientTest, AWebProxyIsNotAsked) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  api::ListServicesResponse services;
  EXPECT_TRUE(MakeGrpcQueryClient(address_, std::chrono::seconds(20))->ListServices(services));
  unsetenv("http_proxy");
  ASSERT_EQ(services.services_size(), 1);
  EXPECT_EQ(services.services(0).name(), "orders");
}

}  // namespace
}  // namespace clew::cli
