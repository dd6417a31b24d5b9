#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "base/ids.h"
#include "base/time.h"
#include "collector_process.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "tests/e2e/cli/run.h"

namespace clew::e2e {
namespace {

namespace otlp = opentelemetry::proto;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr char kHostile[] =
    "GET /\x1b[2J\xc2\x9b"
    "31m\u202e\nfake line";

// Adds a span of a resource of its own and gives it back.
otlp::trace::v1::Span* Add(otlp::collector::trace::v1::ExportTraceServiceRequest& request,
                           const TraceId& trace, const std::string& service,
                           const std::string& name, int kind, int start_ms, int end_ms,
                           const otlp::trace::v1::Span* parent) {
  static const std::uint64_t origin = ToUint64(UnixClock::now()) - 60'000'000'000;  // a minute ago
  auto* resource_spans = request.add_resource_spans();
  auto* attribute = resource_spans->mutable_resource()->add_attributes();
  attribute->set_key("service.name");
  attribute->mutable_value()->set_string_value(service);
  auto* span = resource_spans->add_scope_spans()->add_spans();
  span->set_trace_id(std::string(trace.View()));
  span->set_span_id(std::string(SpanId::Random().View()));
  if (parent != nullptr) span->set_parent_span_id(parent->span_id());
  span->set_name(name);
  span->set_kind(static_cast<otlp::trace::v1::Span::SpanKind>(kind));
  span->set_start_time_unix_nano(origin + static_cast<std::uint64_t>(start_ms) * 1'000'000);
  span->set_end_time_unix_nano(origin + static_cast<std::uint64_t>(end_ms) * 1'000'000);
  return span;
}

void Send(const bench::CollectorProcess& collector,
          const otlp::collector::trace::v1::ExportTraceServiceRequest& request) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto stub = otlp::collector::trace::v1::TraceService::NewStub(
      grpc::CreateCustomChannel(collector.otlp(), grpc::InsecureChannelCredentials(), arguments));
  grpc::ClientContext context;
  otlp::collector::trace::v1::ExportTraceServiceResponse response;
  const grpc::Status sent = stub->Export(&context, request, &response);
  ASSERT_TRUE(sent.ok()) << sent.error_message();
  ASSERT_EQ(response.partial_success().rejected_spans(), 0)
      << response.partial_success().error_message();
}

// One collector with two traces for all tests: a slow one that failed in its second service, and a
// quick hostile one.
class Tracectl : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = bench::CollectorProcess::Start(CLEW_COLLECTOR, {});
    ASSERT_TRUE(started) << started.error().message;
    collector_ = std::move(*started);

    otlp::collector::trace::v1::ExportTraceServiceRequest request;
    const auto* root = Add(request, kSlow, "frontend", "GET /orders", 2, 0, 212, nullptr);
    const auto* call = Add(request, kSlow, "frontend", "POST", 3, 10, 200, root);
    auto* answer = Add(request, kSlow, "pay", "POST /charge", 2, 20, 190, call);
    answer->mutable_status()->set_code(otlp::trace::v1::Status::STATUS_CODE_ERROR);
    auto* status = answer->add_attributes();
    status->set_key("http.response.status_code");
    status->mutable_value()->set_int_value(503);
    for (int i = 0; i < 30; ++i)
      Add(request, kQuick, "strange\tname", kHostile, 1, 300 + i, 301 + i, nullptr);

    Send(*collector_, request);
  }
  static void TearDownTestSuite() { collector_.reset(); }

  static std::vector<std::string> Command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {TRACECTL, "--server", collector_->query()});
    return arguments;
  }
  static Outcome Run(std::vector<std::string> arguments) {
    return RunInPipes(Command(std::move(arguments)), {});
  }
  static Outcome OnTerminal(std::vector<std::string> arguments, Variables variables,
                            int columns = 100, int rows = 100) {
    variables.try_emplace("TERM", "xterm-256color");
    return RunOnTerminal(Command(std::move(arguments)), variables, columns, rows);
  }

  static inline const TraceId kSlow = TraceId::Random();
  static inline const TraceId kQuick = TraceId::Random();
  static inline std::unique_ptr<bench::CollectorProcess> collector_;
};

TEST_F(Tracectl, DrawsATraceByItsIdOrTheBeginningOfIt) {
  for (const std::string& id : {kSlow.ToHex(), kSlow.ToHex().substr(0, 12)}) {
    const Outcome outcome = Run({"trace", id});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out,
                HasSubstr("TRACE " + kSlow.ToHex() +
                          "  frontend  GET /orders  212ms  ERROR  3 spans 2 services  complete"));
    EXPECT_THAT(outcome.out, HasSubstr("└ pay"));
    EXPECT_THAT(outcome.out, HasSubstr("✗ 503"));
    EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b"))) << "colours in a pipe";
    EXPECT_EQ(outcome.err, "");
  }
}

TEST_F(Tracectl, WritesOtlpThatOtherToolsRead) {
  const json traces = json::parse(Run({"trace", kSlow.ToHex(), "-o", "otlp"}).out);
  std::size_t spans = 0;
  for (const auto& resource_spans : traces["resourceSpans"]) {
    for (const auto& scope_spans : resource_spans["scopeSpans"]) {
      for (const auto& span : scope_spans["spans"]) {
        EXPECT_EQ(span["traceId"], kSlow.ToHex());
        ++spans;
      }
    }
  }
  EXPECT_EQ(spans, 3u);
}

TEST_F(Tracectl, SearchesByWhatItWasAsked) {
  const auto ids = [](std::vector<std::string> filter) {
    filter.insert(filter.begin(), {"traces", "-o", "name"});
    return Run(std::move(filter)).out;
  };
  const std::string slow = kSlow.ToHex() + "\n", quick = kQuick.ToHex() + "\n";
  EXPECT_EQ(ids({}), quick + slow) << "newest first";
  EXPECT_EQ(ids({"--service", "pay"}), slow);
  EXPECT_EQ(ids({"--service", "pay", "--operation", "POST /charge"}), slow);
  EXPECT_EQ(ids({"--service", "pay", "--operation", "GET /orders"}), "");
  EXPECT_EQ(ids({"--errors"}), slow);
  EXPECT_EQ(ids({"--min-duration", "200ms"}), slow);
  EXPECT_EQ(ids({"--max-duration", "200ms"}), quick);
  EXPECT_EQ(ids({"--since", "10m"}), quick + slow);
  EXPECT_EQ(ids({"--since", "1s"}), "");
  EXPECT_EQ(ids({"--to", "now-1h"}), "");
  EXPECT_EQ(ids({"--limit", "1"}), quick);
  EXPECT_EQ(ids({"--order", "slowest"}), slow + quick);
  EXPECT_EQ(ids({"--all"}), quick + slow);
  EXPECT_EQ(ids({"http.response.status_code>=500"}), slow);
  EXPECT_EQ(ids({"service=pay", "name~\"^POST\"", "duration>100ms", "error=true"}), slow);
  EXPECT_EQ(ids({"service=frontend error=true"}), "");
  EXPECT_EQ(ids({"trace.spans>=30"}), quick);
}

TEST_F(Tracectl, GoesOnWhereAPageEnded) {
  const json first = json::parse(Run({"traces", "--limit", "1", "-o", "json"}).out);
  EXPECT_EQ(first["traces"][0]["trace_id"], kQuick.ToHex());
  const std::string cursor = first["next_page"];
  const json second = json::parse(Run({"traces", "--page", cursor, "-o", "json"}).out);
  EXPECT_EQ(second["traces"][0]["trace_id"], kSlow.ToHex());
  EXPECT_FALSE(second.contains("next_page"));
  EXPECT_EQ(Run({"traces", "service=pay", "--page", cursor}).exit_code, 2) << "another query";
}

TEST_F(Tracectl, PointsAtWhatIsWrongWithAQuery) {
  const Outcome outcome = Run({"traces", "service=pay duration>fast"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("query, column 22: 'fast' is no duration"));
}

TEST_F(Tracectl, ListsOperationsKeysAndDependencies) {
  EXPECT_EQ(Run({"operations", "frontend", "-o", "name"}).out, "GET /orders\nPOST\n");
  EXPECT_EQ(Run({"keys", "-o", "name"}).out,
            "span.http.response.status_code\nresource.service.name\n");
  const json graph = json::parse(Run({"dependencies", "-o", "json"}).out);
  ASSERT_EQ(graph["dependencies"].size(), 1u);
  EXPECT_EQ(graph["dependencies"][0]["caller"], "frontend");
  EXPECT_EQ(graph["dependencies"][0]["callee"], "pay");
  EXPECT_EQ(graph["dependencies"][0]["errors"], 1);
}

TEST_F(Tracectl, ListsServicesAndStatus) {
  EXPECT_THAT(Run({"services"}).out, HasSubstr("pay"));
  EXPECT_THAT(Run({"services", "-o", "name"}).out, HasSubstr("strange\\tname\n"));
  const json status = json::parse(Run({"status", "-o", "json"}).out);
  EXPECT_EQ(status["spans_stored"], 33);
  EXPECT_EQ(status["trace_count"], 2);
}

TEST_F(Tracectl, ExitsAsDocumented) {
  EXPECT_EQ(Run({"trace", "00000000000000000000000000000001"}).exit_code, 3);
  EXPECT_EQ(Run({"trace", "short"}).exit_code, 2);
  EXPECT_EQ(Run({"nonsense"}).exit_code, 2);
  EXPECT_EQ(Run({"--help"}).exit_code, 0);
  EXPECT_EQ(RunInPipes(Command({"traces"}), {}, "/dev/full").exit_code, 1);
  const Outcome gone = RunInPipes({TRACECTL, "services", "--server", "127.0.0.1:1"}, {});
  EXPECT_EQ(gone.exit_code, 4);
  EXPECT_EQ(gone.out, "");
  EXPECT_THAT(gone.err, HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(gone.err, HasSubstr("clew-collector"));
}

TEST_F(Tracectl, ColoursATerminalUnlessToldNotTo) {
  EXPECT_THAT(OnTerminal({"trace", kSlow.ToHex()}, {}).out, HasSubstr("\x1b[31m"));
  EXPECT_THAT(OnTerminal({"trace", kSlow.ToHex()}, {{"NO_COLOR", "1"}}).out,
              Not(HasSubstr("\x1b")));
  EXPECT_THAT(OnTerminal({"trace", kSlow.ToHex()}, {{"TERM", "dumb"}}).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(OnTerminal({"trace", kSlow.ToHex(), "--color", "never"}, {}).out,
              Not(HasSubstr("\x1b")));
}

TEST_F(Tracectl, LeavesNothingToTheTerminalThatASpanChose) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"traces"},
                                             {"trace", kQuick.ToHex()},
                                             {"trace", kQuick.ToHex(), "-o", "json"},
                                             {"services"}}) {
    std::string out = OnTerminal(arguments, {{"PAGER", "cat"}}).out;
    out = std::regex_replace(out, std::regex("\x1b\\[[0-9]+m"), "");  // our own colours
    for (const char* bad : {"\x1b", "\xc2\x9b", "\u202e", "\nfake line"})
      EXPECT_THAT(out, Not(HasSubstr(bad)));
    EXPECT_THAT(out, HasSubstr(arguments[0] == "services" ? "\\t" : "GET /"));
  }
}

TEST_F(Tracectl, PagesOnlyWhatIsLongerThanTheTerminal) {
  const Variables pager = {{"PAGER", "sed 's/^/PAGED /'"}};
  EXPECT_THAT(OnTerminal({"trace", kQuick.ToHex()}, pager, 100, 20).out, HasSubstr("PAGED "));
  EXPECT_THAT(OnTerminal({"trace", kQuick.ToHex()}, pager, 100, 60).out, Not(HasSubstr("PAGED ")));
  const Outcome missing =
      OnTerminal({"trace", kQuick.ToHex()}, {{"PAGER", "no-such-pager"}}, 100, 20);
  EXPECT_EQ(missing.exit_code, 0);
  EXPECT_THAT(missing.out, HasSubstr("TRACE ")) << "without a pager the text itself";
}

// 128 MiB of one trace, through the collector and tracectl, in far less memory than that.
TEST(TracectlStream, WritesATraceOfAnySizeInLittleMemory) {
  auto collector = bench::CollectorProcess::Start(CLEW_COLLECTOR, {});
  ASSERT_TRUE(collector) << collector.error().message;
  constexpr int kRequests = 64;
  constexpr int kSpansOfARequest = 1024;
  constexpr long kMostKiB = 80 << 10;
  const TraceId huge = TraceId::Random();
  const std::string payload(2048, 'x');
  for (int n = 0; n < kRequests; ++n) {
    otlp::collector::trace::v1::ExportTraceServiceRequest request;
    auto* scope_spans = request.add_resource_spans()->add_scope_spans();
    for (int i = 0; i < kSpansOfARequest; ++i) {
      auto* span = scope_spans->add_spans();
      span->set_trace_id(std::string(huge.View()));
      span->set_span_id(std::string(SpanId::Random().View()));
      span->set_name("huge");
      span->set_start_time_unix_nano(1'700'000'000'000'000'000 + static_cast<std::uint64_t>(i));
      span->set_end_time_unix_nano(1'700'000'001'000'000'000);
      auto* attribute = span->add_attributes();
      attribute->set_key("payload");
      attribute->mutable_value()->set_string_value(payload);
    }
    Send(**collector, request);
  }
  const Outcome outcome =
      RunInPipes({TRACECTL, "--server", (*collector)->query(), "trace", huge.ToHex(), "-o", "otlp"},
                 {}, "/dev/null");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  rusage usage{};
  ASSERT_EQ(::getrusage(RUSAGE_CHILDREN, &usage), 0);
  EXPECT_LT(usage.ru_maxrss, kMostKiB) << "the largest child that has ended";
}

}  // namespace
}  // namespace clew::e2e
