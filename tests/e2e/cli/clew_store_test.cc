// clew-store as an operator runs it: beside a running collector, and on a stopped store.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/ids.h"
#include "base/time.h"
#include "collector_process.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "tests/bench/load/temp_dir.h"
#include "tests/e2e/cli/run.h"

namespace clew::e2e {
namespace {

namespace fs = std::filesystem;
namespace otlp = opentelemetry::proto::collector::trace::v1;
using nlohmann::json;
using testing::HasSubstr;

constexpr int kSpans = 500;

void SendSpans(const bench::CollectorProcess& collector) {
  otlp::ExportTraceServiceRequest request;
  auto* resource_spans = request.add_resource_spans();
  auto* attribute = resource_spans->mutable_resource()->add_attributes();
  attribute->set_key("service.name");
  attribute->mutable_value()->set_string_value("shop");
  auto* scope_spans = resource_spans->add_scope_spans();
  for (int i = 0; i < kSpans; ++i) {
    auto* span = scope_spans->add_spans();
    span->set_trace_id(std::string(TraceId::Random().View()));
    span->set_span_id(std::string(SpanId::Random().View()));
    span->set_name("GET /");
    span->set_start_time_unix_nano(ToUint64(UnixClock::now()));
    span->set_end_time_unix_nano(ToUint64(UnixClock::now()) + 1'000'000);
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto stub = otlp::TraceService::NewStub(
      grpc::CreateCustomChannel(collector.otlp(), grpc::InsecureChannelCredentials(), arguments));
  grpc::ClientContext context;
  otlp::ExportTraceServiceResponse response;
  const grpc::Status sent = stub->Export(&context, request, &response);
  ASSERT_TRUE(sent.ok()) << sent.error_message();
}

class ClewStore : public testing::Test {
 protected:
  std::string data() const { return (dir_.path() / "data").string(); }
  std::string backup() const { return (dir_.path() / "backup").string(); }
  Outcome Run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {CLEW_STORE, "--data-dir", data()});
    return RunInPipes(arguments, {});
  }
  json Json(std::vector<std::string> arguments, int exit_code = 0) const {
    arguments.push_back("--json");
    const Outcome outcome = Run(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    return json::parse(outcome.out, nullptr, false);
  }
  std::unique_ptr<bench::CollectorProcess> Start() const {
    auto started = bench::CollectorProcess::Start(CLEW_COLLECTOR, {}, data());
    CLEW_CHECK(started.has_value());
    return *std::move(started);
  }

  const bench::TempDir dir_ = [] {
    auto made = bench::TempDir::Make();
    CLEW_CHECK(made.has_value());
    return *std::move(made);
  }();
};

TEST_F(ClewStore, DoesTheSameBesideACollectorAndWithoutOne) {
  auto collector = Start();
  SendSpans(*collector);
  for (const bool live : {true, false}) {
    SCOPED_TRACE(live ? "live" : "stopped");
    if (!live) {
      ASSERT_TRUE(collector->Stop());
    }
    const json stats = Json({"stats"});
    EXPECT_EQ(stats["spans"], kSpans);
    EXPECT_EQ(stats["services"], 1);
    EXPECT_EQ(stats.contains("seal_lag_nanos"), live);
    EXPECT_THAT(Run({"stats"}).out, HasSubstr("spans         500, 500 of them not sealed yet"));
    EXPECT_EQ(Json({"check"})["read"]["spans"], kSpans);
    EXPECT_THAT(Run({"check"}).out, HasSubstr("ok: read 500 spans"));
    const std::string path = backup() + (live ? "-live" : "-stopped");
    EXPECT_EQ(Json({"backup", path})["spans"], kSpans);
    EXPECT_EQ(Run({"backup", path}).exit_code, 2) << "it exists";
    EXPECT_EQ(Run({"verify", path}).exit_code, 0);
    EXPECT_EQ(Run({"compact"}).exit_code, 0);
    EXPECT_EQ(Json({"retention", "--retention-mib", "1", "--dry-run"})["spans"], 0);
  }
  EXPECT_EQ(Run({"retention", "--dry-run"}).exit_code, 2) << "no collector has a policy";
}

TEST_F(ClewStore, RestoresOnlyWhatNobodyUses) {
  auto collector = Start();
  SendSpans(*collector);
  ASSERT_EQ(Run({"backup", backup()}).exit_code, 0);
  const Outcome refused = Run({"restore", backup(), "--replace"});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("Stop it before restoring"));
  SendSpans(*collector);
  ASSERT_TRUE(collector->Stop());
  collector.reset();
  const Outcome full = Run({"restore", backup()});
  EXPECT_EQ(full.exit_code, 2);
  EXPECT_THAT(full.err, HasSubstr("--replace"));
  const json restored = Json({"restore", backup(), "--replace"});
  EXPECT_EQ(restored["spans"], kSpans);
  EXPECT_TRUE(fs::is_directory(restored["replaced"].get<std::string>()));
  collector = Start();
  EXPECT_EQ(Json({"stats"})["spans"], kSpans);
}

TEST_F(ClewStore, NamesDamageAndFails) {
  {
    auto collector = Start();
    SendSpans(*collector);
    ASSERT_EQ(Run({"backup", backup()}).exit_code, 0);
    collector->Kill();  // its socket stays
  }
  ASSERT_TRUE(fs::exists(data() + "/admin.sock"));
  EXPECT_EQ(Run({"check"}).exit_code, 0);
  std::string table;
  for (const auto& entry : fs::directory_iterator(data())) {
    if (entry.path().extension() == ".sst") table = entry.path();
  }
  ASSERT_FALSE(table.empty());
  fs::resize_file(table, fs::file_size(table) / 2);
  const Outcome check = Run({"check"});
  EXPECT_EQ(check.exit_code, 1) << check.err;
  EXPECT_THAT(check.out, HasSubstr("file " + fs::path(table).filename().string()));
  EXPECT_THAT(check.out, HasSubstr("restore a backup"));
  EXPECT_GT(Json({"check"}, 1)["damages"].size(), 0u);

  const std::string file = backup() + "/store/CURRENT";
  fs::resize_file(file, 1);
  const Outcome verify = Run({"verify", backup()});
  EXPECT_EQ(verify.exit_code, 1);
  EXPECT_THAT(verify.out, HasSubstr("file CURRENT: has 1 bytes instead of 16"));
}

TEST_F(ClewStore, SaysWhatIsNotThere) {
  const Outcome nothing = Run({"stats"});
  EXPECT_EQ(nothing.exit_code, 3);
  EXPECT_THAT(nothing.err, HasSubstr("no store in"));
  EXPECT_EQ(Run({"verify", backup()}).exit_code, 3);
  EXPECT_EQ(Run({"restore", backup()}).exit_code, 3);
  EXPECT_FALSE(fs::exists(data()));
}

}  // namespace
}  // namespace clew::e2e
