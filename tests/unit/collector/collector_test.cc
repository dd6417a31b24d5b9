// The collector as a whole, in this process, over real sockets and a real store.
#include "collector/collector.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/fd.h"
#include "collector/pipeline/byte_budget.h"
#include "collector/receiver/otlp_server.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "query/v1/query.grpc.pb.h"
#include "store/memory_store.h"
#include "store/rocks_store.h"
#include "store/wire_reader.h"
#include "test_spans.h"

namespace clew::collector {
namespace {

namespace otlp = opentelemetry::proto::collector::trace::v1;
using store::MakeSpan;
using store::TestSpan;
using store::TestTraceId;
using testing::AllOf;
using testing::HasSubstr;

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

otlp::ExportTraceServiceRequest RequestWith(const std::vector<TestSpan>& spans) {
  otlp::ExportTraceServiceRequest request;
  for (const TestSpan& span : spans) {
    const store::SpanRecord record = MakeSpan(span);
    auto* resource_spans = request.add_resource_spans();
    CLEW_CHECK(resource_spans->ParseFromString(*record.resource));
    auto* scope_spans = resource_spans->add_scope_spans();
    CLEW_CHECK(scope_spans->ParseFromString(*record.scope));
    CLEW_CHECK(scope_spans->add_spans()->ParseFromString(record.span));
  }
  return request;
}

grpc::Status Export(const std::string& address, const otlp::ExportTraceServiceRequest& request,
                    otlp::ExportTraceServiceResponse* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  return otlp::TraceService::NewStub(Connect(address))->Export(&context, request, response);
}

// The whole answer to GET `path`.
std::string HttpGet(const std::string& address, const std::string& path) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CLEW_CHECK(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0);
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  CLEW_CHECK(::write(socket.get(), request.data(), request.size()) ==
             static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n; (n = ::read(socket.get(), buffer, sizeof(buffer))) > 0;)
    answer.append(buffer, static_cast<std::size_t>(n));
  return answer;
}

class CollectorTest : public testing::Test {
 protected:
  void SetUp() override { Start(0); }
  void Start(std::uint64_t min_free_disk_mib) {
    collector_.reset();
    Config config;
    config.min_free_disk_mib = min_free_disk_mib;
    config.listen = config.query_listen = config.metrics_listen = "127.0.0.1:0";
    config.data_dir = dir_.path() + "/data";
    config.max_message_mib = 1;
    auto collector = StartCollector(config);
    ASSERT_TRUE(collector) << collector.error().message;
    collector_ = *std::move(collector);
    query_ = query::v1::QueryService::NewStub(Connect(collector_->query_address()));
  }
  grpc::Status Send(const std::vector<TestSpan>& spans) {
    otlp::ExportTraceServiceResponse response;
    const grpc::Status status = Export(collector_->otlp_address(), RequestWith(spans), &response);
    EXPECT_EQ(response.partial_success().rejected_spans(), 0);
    return status;
  }
  grpc::Status GetTrace(const std::string& id, int& spans) {
    grpc::ClientContext context;
    query::v1::GetTraceRequest request;
    request.set_trace_id(id);
    const auto reader = query_->GetTrace(&context, request);
    query::v1::GetTraceResponse chunk;
    spans = 0;
    while (reader->Read(&chunk)) {
      for (const auto& resource : chunk.resource_spans())
        spans += resource.scope_spans(0).spans_size();
    }
    return reader->Finish();
  }
  store::TempDir dir_;
  std::unique_ptr<Collector> collector_;
  std::unique_ptr<query::v1::QueryService::Stub> query_;
};

TEST_F(CollectorTest, WhatIsAcknowledgedIsFoundAtOnce) {
  ASSERT_TRUE(
      Send({{.id = 1}, {.id = 2, .parent = 1, .service = "db", .name = "SELECT", .error = true}})
          .ok());
  int spans = 0;
  ASSERT_TRUE(GetTrace(TestTraceId(1).ToHex().substr(0, 8), spans).ok());
  EXPECT_EQ(spans, 2);

  grpc::ClientContext context;
  query::v1::SearchTracesRequest request;
  request.set_query("service=db error=true");
  const auto reader = query_->SearchTraces(&context, request);
  query::v1::SearchTracesResponse part;
  ASSERT_TRUE(reader->Read(&part));
  EXPECT_EQ(part.trace().trace_id(), TestTraceId(1).View());
  EXPECT_EQ(part.trace().root_service(), "shop");
  EXPECT_EQ(part.trace().span_count(), 2u);
  ASSERT_TRUE(reader->Read(&part));
  ASSERT_TRUE(part.has_end());
  EXPECT_EQ(part.end().next_cursor(), "");
  EXPECT_EQ(part.end().partial(), query::v1::PARTIAL_NO);
  EXPECT_FALSE(reader->Read(&part));
  EXPECT_TRUE(reader->Finish().ok());

  grpc::ClientContext services_context;
  query::v1::ListServicesResponse services;
  ASSERT_TRUE(query_->ListServices(&services_context, {}, &services).ok());
  EXPECT_EQ(services.services_size(), 2);

  grpc::ClientContext operations_context;
  query::v1::ListOperationsRequest of_shop;
  of_shop.set_service("shop");
  query::v1::ListOperationsResponse operations;
  ASSERT_TRUE(query_->ListOperations(&operations_context, of_shop, &operations).ok());
  EXPECT_EQ(operations.operations_size(), 1);

  grpc::ClientContext keys_context;
  query::v1::ListAttributeKeysResponse keys;
  ASSERT_TRUE(query_->ListAttributeKeys(&keys_context, {}, &keys).ok());
  EXPECT_EQ(keys.keys_size(), 2);

  grpc::ClientContext dependencies_context;
  query::v1::GetDependenciesResponse dependencies;
  ASSERT_TRUE(query_->GetDependencies(&dependencies_context, {}, &dependencies).ok());
  ASSERT_EQ(dependencies.edges_size(), 1);
  EXPECT_EQ(dependencies.edges(0).callee(), "db");
}

TEST_F(CollectorTest, AWrongQueryIsRefusedWithItsColumn) {
  grpc::ClientContext context;
  query::v1::SearchTracesRequest request;
  request.set_query("service=db duration>fast");
  const auto reader = query_->SearchTraces(&context, request);
  query::v1::SearchTracesResponse part;
  EXPECT_FALSE(reader->Read(&part));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("query, column 21: "));
}

TEST_F(CollectorTest, BadSpansAreRejectedByPartialSuccessAndCounted) {
  auto request = RequestWith({{.id = 1}, {.id = 2}});
  request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(0)->clear_trace_id();
  otlp::ExportTraceServiceResponse response;
  ASSERT_TRUE(Export(collector_->otlp_address(), request, &response).ok());
  EXPECT_EQ(response.partial_success().rejected_spans(), 1);
  EXPECT_THAT(response.partial_success().error_message(), HasSubstr("trace_id"));
  int spans = 0;
  EXPECT_TRUE(GetTrace(TestTraceId(1).ToHex(), spans).ok());
  EXPECT_EQ(spans, 1);

  grpc::ClientContext context;
  query::v1::GetStatusResponse status;
  ASSERT_TRUE(query_->GetStatus(&context, {}, &status).ok());
  EXPECT_EQ(status.spans_received(), 2u);
  EXPECT_EQ(status.spans_stored(), 1u);
  EXPECT_EQ(status.trace_count(), 1u);
  EXPECT_EQ(status.spans_rejected().at("trace_id"), 1u);
  EXPECT_EQ(status.data_dir(), dir_.path() + "/data");
  EXPECT_THAT(HttpGet(collector_->metrics_address(), "/metrics"),
              HasSubstr("clew_collector_spans_rejected_total{reason=\"trace_id\"} 1"));
}

TEST_F(CollectorTest, AnEmptyRequestIsFine) {
  otlp::ExportTraceServiceResponse response;
  EXPECT_TRUE(Export(collector_->otlp_address(), {}, &response).ok());
}

TEST_F(CollectorTest, BytesThatAreNoRequestAreAnInvalidArgument) {
  grpc::GenericStub stub(Connect(collector_->otlp_address()));
  grpc::ClientContext context;
  const grpc::Slice slice("\x0a\x7f not a request");
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> answer;
  stub.UnaryCall(&context, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", {},
                 &request, &response,
                 [&](const grpc::Status& status) { answer.set_value(status); });
  EXPECT_EQ(answer.get_future().get().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(CollectorTest, ATooLargeRequestIsFinal) {
  otlp::ExportTraceServiceResponse response;
  const auto request = RequestWith({{.payload = std::string(2 << 20, 'x')}});
  const grpc::Status status = Export(collector_->otlp_address(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_details(), "");  // no RetryInfo: do not send it again
}

// Sends `request` with gRPC's own compression.
grpc::Status ExportCompressed(const std::string& address, grpc_compression_algorithm algorithm,
                              const otlp::ExportTraceServiceRequest& request) {
  grpc::ClientContext context;
  context.set_compression_algorithm(algorithm);
  otlp::ExportTraceServiceResponse response;
  return otlp::TraceService::NewStub(Connect(address))->Export(&context, request, &response);
}

TEST_F(CollectorTest, CompressedRequestsAreTaken) {
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    const std::uint64_t id = 1 + static_cast<std::uint64_t>(algorithm);
    const auto request = RequestWith({{.id = id, .payload = std::string(10'000, 'x')}});
    const grpc::Status status = ExportCompressed(collector_->otlp_address(), algorithm, request);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  int spans = 0;
  EXPECT_TRUE(GetTrace(TestTraceId(1).ToHex(), spans).ok());
  EXPECT_EQ(spans, 2);
}

TEST_F(CollectorTest, ACompressionBombIsRefusedAndFinal) {
  const auto request = RequestWith({{.payload = std::string(50 << 20, 'x')}});
  const grpc::Status status =
      ExportCompressed(collector_->otlp_address(), GRPC_COMPRESS_GZIP, request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_details(), "");
}

TEST_F(CollectorTest, QueriesSayWhatIsWrong) {
  int spans = 0;
  EXPECT_EQ(GetTrace("xyz", spans).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(GetTrace(std::string(32, 'a'), spans).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(GetTrace(std::string(8, 'a'), spans).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(CollectorTest, HealthIsServedOverHttpAndGrpc) {
  EXPECT_THAT(HttpGet(collector_->metrics_address(), "/healthz"), HasSubstr("200 OK"));
  EXPECT_THAT(HttpGet(collector_->metrics_address(), "/readyz"), HasSubstr("200 OK"));
  EXPECT_THAT(HttpGet(collector_->metrics_address(), "/other"), HasSubstr("404"));
  grpc::GenericStub stub(Connect(collector_->otlp_address()));
  grpc::ClientContext context;
  const grpc::Slice empty("", 0);
  const grpc::ByteBuffer request(&empty, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> answer;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                 [&](const grpc::Status& status) { answer.set_value(status); });
  EXPECT_TRUE(answer.get_future().get().ok());
}

TEST_F(CollectorTest, WhoCannotStoreSpansIsHealthyAndNotReady) {
  constexpr std::uint64_t kMoreThanAnyDisk = 1ull << 40;  // MiB
  Start(kMoreThanAnyDisk);
  EXPECT_THAT(HttpGet(collector_->metrics_address(), "/healthz"), HasSubstr("200 OK"));
  EXPECT_THAT(HttpGet(collector_->metrics_address(), "/readyz"),
              AllOf(HasSubstr("503"), HasSubstr("the disk of"), HasSubstr("bytes left")));
  EXPECT_EQ(Send({{.id = 1}}).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(CollectorTest, ASecondCollectorIsRefusedTheDirectoryAndThePort) {
  Config config;
  config.listen = config.query_listen = config.metrics_listen = "127.0.0.1:0";
  config.data_dir = dir_.path() + "/data";
  EXPECT_THAT(StartCollector(config).error().message, HasSubstr("open in this process"));
  config.data_dir = dir_.path() + "/other";
  config.listen = collector_->otlp_address();
  EXPECT_THAT(StartCollector(config).error().message, HasSubstr(config.listen));
}

TEST_F(CollectorTest, StopStoresWhatItAcknowledgesAndRefusesTheRestForARetry) {
  std::atomic<std::uint64_t> acknowledged{0};
  std::vector<std::future<grpc::StatusCode>> last_answers;
  for (std::uint64_t i = 0; i < 4; ++i) {
    last_answers.push_back(std::async(std::launch::async, [&, i] {
      for (std::uint64_t id = 1;; ++id) {
        const grpc::StatusCode code = Send({{.trace = i, .id = id}}).error_code();
        if (code != grpc::StatusCode::OK) return code;
        ++acknowledged;
      }
    }));
  }
  while (acknowledged < 20) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  collector_->Stop();
  for (auto& answer : last_answers) {
    // OTLP calls both of them retryable; gRPC cancels what it has not handed to us when it shuts
    // down.
    EXPECT_THAT(answer.get(),
                testing::AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::CANCELLED));
  }
  collector_.reset();
  const auto store = store::OpenRocksStore({.path = dir_.path() + "/data"});
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_GE((*store)->Stats().spans, acknowledged);
}

TEST(OtlpServer, AskedForMoreThanItsBudgetItSaysWhenToComeBack) {
  store::MemoryStore store;
  Counters counters;
  pipeline::ByteBudget budget(10);
  pipeline::Committer committer(store, counters);
  const auto server =
      receiver::StartOtlpServer({.listen = "127.0.0.1:0"}, committer, budget, counters);
  ASSERT_TRUE(server) << server.error().message;
  otlp::ExportTraceServiceResponse response;
  const grpc::Status status = Export((*server)->address(), RequestWith({{.id = 1}}), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(counters.requests_overloaded, 1u);

  // google.rpc.Status { code 1, details 3: Any { type_url 1, value 2: RetryInfo { retry_delay 1 } }
  // }
  const std::string details = status.error_details();
  std::uint64_t code = 0;
  std::string_view any;
  for (store::WireReader in(details); in.Next();) {
    if (in.Is(1, store::WireType::kVarint)) {
      code = in.Varint();
    } else if (in.Is(3, store::WireType::kBytes)) {
      any = in.Bytes();
    } else {
      in.Skip();
    }
  }
  EXPECT_EQ(code, static_cast<std::uint64_t>(grpc::StatusCode::RESOURCE_EXHAUSTED));
  EXPECT_THAT(std::string(any), HasSubstr("type.googleapis.com/google.rpc.RetryInfo"));
  // RetryInfo { 1: Duration { 1: 0 s, 2: 200,000,000 ns } }
  EXPECT_TRUE(any.ends_with(std::string("\x12\x09\x0a\x07\x08\x00\x10\x80\x84\xaf\x5f", 11)));
}

}  // namespace
}  // namespace clew::collector
