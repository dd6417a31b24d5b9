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
    const bool slow = request->trace_id() == "44444444";
    for (int chunk = 0; chunk < 3; ++chunk) {
      if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(400));
      api::GetTraceResponse response;
      response.add_resource_spans()->set_schema_url(std::to_string(chunk));
      if (!writer->Write(response)) return grpc::Status::CANCELLED;
    }
    return request->trace_id() == "33333333"
               ? grpc::Status(grpc::StatusCode::DATA_LOSS, "bad block")
               : grpc::Status::OK;
  }
  grpc::Status SearchTraces(grpc::ServerContext*, const api::SearchTracesRequest* request,
                            grpc::ServerWriter<api::SearchTracesResponse>* writer) override {
    api::SearchTracesResponse part;
    for (std::uint32_t i = 0; i < request->limit(); ++i) {
      part.mutable_trace()->set_root_service(request->query());
      part.mutable_trace()->set_span_count(i);
      writer->Write(part);
    }
    part.mutable_end()->set_next_cursor("next");
    writer->Write(part);
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

  Status Read(QueryClient& client, const std::string& trace_id) {
    return client.GetTrace(trace_id, [this](api::GetTraceResponse& chunk) {
      chunks_.push_back(chunk.resource_spans(0).schema_url());
      return true;
    });
  }

  std::vector<std::string> chunks_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::unique_ptr<QueryClient> client_;
};

TEST_F(GrpcQueryClientTest, HandsOverTheChunksOfATraceInOrder) {
  EXPECT_TRUE(Read(*client_, "4bf92f35"));
  EXPECT_EQ(chunks_, (std::vector<std::string>{"0", "1", "2"}));
}

TEST_F(GrpcQueryClientTest, EndsWhenTheReaderHasEnough) {
  const Status status = client_->GetTrace("4bf92f35", [this](api::GetTraceResponse& chunk) {
    chunks_.push_back(chunk.resource_spans(0).schema_url());
    return false;
  });
  EXPECT_TRUE(status);
  EXPECT_EQ(chunks_.size(), 1u);
}

TEST_F(GrpcQueryClientTest, KeepsWhatCameBeforeAFailure) {
  const Status status = Read(*client_, "33333333");
  EXPECT_EQ(status.error().code, Code::kCorrupt);
  EXPECT_EQ(status.error().message, "bad block");
  EXPECT_EQ(chunks_.size(), 3u);
}

TEST_F(GrpcQueryClientTest, TellsFailuresApart) {
  EXPECT_EQ(Read(*client_, "00000000").error().code, Code::kNotFound);
  EXPECT_EQ(Read(*client_, "11111111").error().code, Code::kInvalid);
  api::GetStatusResponse state;
  EXPECT_EQ(client_->GetStatus(state).error().code,
            Code::kUnsupported);  // this server does not implement it
}

TEST_F(GrpcQueryClientTest, GivesUpAfterItsTimeout) {
  const auto impatient = MakeGrpcQueryClient(address_, std::chrono::milliseconds(200));
  EXPECT_EQ(Read(*impatient, "22222222").error().code, Code::kUnavailable);
}

TEST_F(GrpcQueryClientTest, TheTimeoutOfATraceIsForEachOfItsChunks) {
  const auto patient = MakeGrpcQueryClient(address_, std::chrono::milliseconds(1000));
  EXPECT_TRUE(Read(*patient, "44444444"));
  EXPECT_EQ(chunks_.size(), 3u);
}

TEST_F(GrpcQueryClientTest, StreamsSummariesInOrder) {
  api::SearchTracesRequest request;
  request.set_query("service=orders");
  request.set_limit(50);
  std::uint32_t next = 0;
  api::PageEnd end;
  const auto check = [&next](const api::TraceSummary& summary) {
    EXPECT_EQ(summary.span_count(), next++);
    EXPECT_EQ(summary.root_service(), "service=orders");
  };
  ASSERT_TRUE(client_->SearchTraces(request, check, end));
  EXPECT_EQ(next, 50u);
  EXPECT_EQ(end.next_cursor(), "next");
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
