// A recording through the whole pipeline into a real gRPC server.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>

#include "agent/kernel/recorder.h"
#include "agent/process/resource_codec.h"
#include "agent/run.h"
#include "base/mutex.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "tests/unit/agent/kernel_replay/events.h"
#include "tests/unit/agent/kernel_replay/temp_file.h"

namespace clew::agent {
namespace {

namespace collector = opentelemetry::proto::collector::trace::v1;

class Collector final : public collector::TraceService::Service {
 public:
  Collector() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~Collector() override { server_->Shutdown(); }
  std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }
  // Name and service of every span.
  std::multimap<std::string, std::string> spans() const {
    MutexLock lock(mutex_);
    return spans_;
  }
  std::uint64_t last_start() const {
    MutexLock lock(mutex_);
    return last_start_;
  }

 private:
  grpc::Status Export(grpc::ServerContext*, const collector::ExportTraceServiceRequest* request,
                      collector::ExportTraceServiceResponse*) override {
    MutexLock lock(mutex_);
    for (const auto& resource : request->resource_spans()) {
      for (const auto& span : resource.scope_spans(0).spans()) {
        spans_.emplace(span.name(), resource.resource().attributes(0).value().string_value());
        last_start_ = std::max<std::uint64_t>(last_start_, span.start_time_unix_nano());
      }
    }
    return grpc::Status::OK;
  }
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  mutable Mutex mutex_;
  std::multimap<std::string, std::string> spans_ GUARDED_BY(mutex_);
  std::uint64_t last_start_ GUARDED_BY(mutex_) = 0;
};

class NoSink : public kernel::EventSink {
 public:
  void OnEvent(const clew_event_header&, std::string_view) override {}
};

void Record(const std::string& path, int requests) {
  NoSink next;
  auto recorder = kernel::Recorder::Make(path, {.clock_offset = std::chrono::hours(1)}, next);
  ASSERT_TRUE(recorder);
  const span::Resource shop{.attributes = {{"service.name", std::string("shop")}},
                            .service_name = "shop"};
  (*recorder)->WriteProcess(42, process::EncodeResource(shop));
  const std::string request = "GET /orders/42 HTTP/1.1\r\nHost: shop\r\n\r\n";
  const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const auto give = [&](const std::string& record) {
    clew_event_header header;
    std::memcpy(&header, record.data(), sizeof(header));
    (*recorder)->OnEvent(header, record);
  };
  give(OpenEvent(1, 1000));
  for (int i = 0; i < requests; ++i) {
    const auto n = static_cast<std::uint64_t>(i);
    give(DataEvent(1, 2000 + n * 10, CLEW_INGRESS, n * request.size(), request, CLEW_DATA_REQUEST));
    give(DataEvent(1, 2005 + n * 10, CLEW_EGRESS, n * response.size(), response,
                   CLEW_DATA_RESPONSE));
    if (i % 50 == 0) (*recorder)->OnDrained();
  }
  give(BytesOf(HeaderOf(CLEW_EVENT_CONN_CLOSE, 1, 10'000'000)));
}

AgentConfig ConfigFor(const std::string& path, const std::string& endpoint) {
  AgentConfig config;
  config.replay = path;
  config.endpoints = {endpoint};
  config.queue_spans = 512;
  return config;
}

TEST(Replay, EveryRecordedRequestBecomesASpanOfItsService) {
  const TempFile file;
  Record(file.path(), 20000);  // more than the queue holds: the replay waits and drops none
  Collector collector;
  const StopFlag stop{false};
  EXPECT_EQ(RunReplay(ConfigFor(file.path(), collector.endpoint()), stop), kExitOk);
  const auto spans = collector.spans();
  EXPECT_EQ(spans.size(), 20000u);
  EXPECT_EQ(spans.count("GET /orders/{id}"), 20000u);
  EXPECT_EQ(spans.begin()->second, "shop");
  EXPECT_EQ(collector.last_start(), 3'600'000'000'000u + 2000 + 19999 * 10)
      << "by the clock of the recording";
}

TEST(Replay, ATruncatedRecordingIsAFailureAfterWhatItHolds) {
  const TempFile file;
  Record(file.path(), 10);
  const std::string whole = file.Read();
  file.Write(whole.substr(0, whole.size() - 1));
  Collector collector;
  const StopFlag stop{false};
  EXPECT_EQ(RunReplay(ConfigFor(file.path(), collector.endpoint()), stop), kExitFailed);
  EXPECT_EQ(collector.spans().size(), 10u);
}

TEST(Replay, AMissingFileAndAMissingCollectorAreFailures) {
  const TempFile file;
  const StopFlag stop{false};
  EXPECT_EQ(RunReplay(ConfigFor(file.path(), "127.0.0.1:1"), stop), kExitFailed);
  Record(file.path(), 1);
  AgentConfig config = ConfigFor(file.path(), "127.0.0.1:1");
  config.shutdown_timeout = std::chrono::milliseconds(100);
  EXPECT_EQ(RunReplay(config, stop), kExitFailed);
}

}  // namespace
}  // namespace clew::agent
