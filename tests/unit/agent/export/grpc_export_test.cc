// The exporter against a real gRPC server with the generated service.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>

#include "agent/export/exporter.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "tests/unit/agent/export/test_exporter.h"
#include "tests/unit/agent/export/test_spans.h"

namespace clew::exporting {
namespace {

namespace collector = opentelemetry::proto::collector::trace::v1;
using std::chrono::milliseconds;

class FakeCollector final : public collector::TraceService::Service {
 public:
  enum class Mode { kAccept, kHang, kReject, kUnavailable };
  ~FakeCollector() override { Stop(); }

  // On `port`, or on one of the kernel's choice.
  void Start(int port = 0) {
    stopping_ = false;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    ASSERT_TRUE(server_);
  }
  void Stop() {
    stopping_ = true;
    if (server_) server_->Shutdown(std::chrono::system_clock::now() + milliseconds(100));
    server_.reset();
  }
  std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  std::size_t spans() const {
    MutexLock lock(mutex_);
    return ids_.size();
  }
  std::atomic<Mode> mode{Mode::kAccept};
  std::atomic<int> calls{0};

 private:
  grpc::Status Export(grpc::ServerContext*, const collector::ExportTraceServiceRequest* request,
                      collector::ExportTraceServiceResponse* response) override {
    ++calls;
    if (mode == Mode::kUnavailable) return {grpc::StatusCode::UNAVAILABLE, "not now"};
    while (mode == Mode::kHang && !stopping_) std::this_thread::sleep_for(milliseconds(5));
    if (mode == Mode::kHang) return grpc::Status::CANCELLED;
    if (mode == Mode::kReject) {
      response->mutable_partial_success()->set_rejected_spans(1);
      response->mutable_partial_success()->set_error_message("one of them");
    }
    MutexLock lock(mutex_);
    for (const auto& resource : request->resource_spans()) {
      for (const auto& span : resource.scope_spans(0).spans()) ids_.insert(span.span_id());
    }
    return grpc::Status::OK;
  }

  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable Mutex mutex_;
  std::set<std::string> ids_;
};

TEST(GrpcExport, EverySpanArrivesOnce) {
  FakeCollector collector;
  collector.Start();
  Exporter exporter(Quick({collector.endpoint()}, milliseconds(20)));
  for (int i = 0; i < 5000; ++i) exporter.Push(TestSpan());
  EXPECT_TRUE(exporter.Shutdown(std::chrono::seconds(30)));
  EXPECT_EQ(Counter(exporter, "spans_sent"), 5000u);
  EXPECT_EQ(collector.spans(), 5000u);
}

TEST(GrpcExport, ACollectorThatComesLateOrRestartsLosesNothing) {
  FakeCollector collector;
  collector.Start();
  const int port = collector.port();
  collector.Stop();
  Exporter exporter(Quick({"127.0.0.1:" + std::to_string(port)}, milliseconds(20)));
  for (int i = 0; i < 100; ++i) exporter.Push(TestSpan());
  std::this_thread::sleep_for(milliseconds(100));
  collector.Start(port);
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_sent") == 100; }));
  collector.Stop();
  for (int i = 0; i < 100; ++i) exporter.Push(TestSpan());
  std::this_thread::sleep_for(milliseconds(100));
  collector.Start(port);
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_sent") == 200; }));
  EXPECT_EQ(collector.spans(), 200u);
}

TEST(GrpcExport, ACollectorThatHangsIsLeftForTheOther) {
  FakeCollector hanging;
  hanging.Start();
  hanging.mode = FakeCollector::Mode::kHang;
  FakeCollector working;
  working.Start();
  ExportOptions options = Quick({hanging.endpoint(), working.endpoint()}, milliseconds(20));
  options.timeout = milliseconds(100);
  Exporter exporter(options);
  for (int i = 0; i < 100; ++i) exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_sent") == 100; }));
  EXPECT_EQ(working.spans(), 100u);
  EXPECT_GE(Counter(exporter, "export_failovers"), 1u);
}

TEST(GrpcExport, ACollectorThatHangsDoesNotHoldUpTheShutdown) {
  FakeCollector collector;
  collector.Start();
  collector.mode = FakeCollector::Mode::kHang;
  Exporter exporter(Quick({collector.endpoint()}, milliseconds(20)));
  exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return collector.calls > 0; }));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(exporter.Shutdown(milliseconds(200)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(Counter(exporter, "spans_dropped_shutdown"), 1u);
}

TEST(GrpcExport, PartialSuccessIsFinal) {
  FakeCollector collector;
  collector.Start();
  collector.mode = FakeCollector::Mode::kReject;
  Exporter exporter(Quick({collector.endpoint()}, milliseconds(20)));
  exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_dropped_rejected") == 1; }));
  EXPECT_TRUE(exporter.Shutdown(milliseconds(1000)));
  EXPECT_EQ(collector.calls, 1);
}

TEST(GrpcExport, UnavailableIsRetriedUntilItIsOver) {
  FakeCollector collector;
  collector.Start();
  collector.mode = FakeCollector::Mode::kUnavailable;
  Exporter exporter(Quick({collector.endpoint()}, milliseconds(20)));
  exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return collector.calls >= 3; }));
  collector.mode = FakeCollector::Mode::kAccept;
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_sent") == 1; }));
}

}  // namespace
}  // namespace clew::exporting
