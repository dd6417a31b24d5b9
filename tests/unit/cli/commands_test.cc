#include <gtest/gtest.h>

#include "cli/commands/command.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

// Answers from fields; `status` ends every call.
class FakeClient : public QueryClient {
 public:
  Status GetTrace(const std::string& trace_id,
                  opentelemetry::proto::trace::v1::TracesData& out) override {
    asked_for = trace_id;
    out = trace;
    return status;
  }
  Status SearchTraces(const query::v1::SearchTracesRequest& request,
                      const std::function<void(const query::v1::TraceSummary&)>& each) override {
    search = request;
    for (const auto& summary : summaries) each(summary);
    return status;
  }
  Status ListServices(query::v1::ListServicesResponse& out) override {
    out = services;
    return status;
  }
  Status GetStatus(query::v1::GetStatusResponse& out) override {
    out = state;
    return status;
  }

  opentelemetry::proto::trace::v1::TracesData trace;
  std::vector<query::v1::TraceSummary> summaries;
  query::v1::ListServicesResponse services;
  query::v1::GetStatusResponse state;
  Status status;
  std::string asked_for;
  query::v1::SearchTracesRequest search;
};

class CommandsTest : public testing::Test {
 protected:
  Answer Do(Command command) {
    options_.command = command;
    return cli::Run({.options = options_,
                     .client = client_,
                     .style = {.width = 120},
                     .json = {},
                     .now = UnixNanosFrom(1'763'879'640'000'000'000)});
  }

  void AddSpan() {
    auto* span = client_.trace.add_resource_spans()->add_scope_spans()->add_spans();
    span->set_trace_id(std::string(16, 'T'));
    span->set_span_id(std::string(8, 's'));
    span->set_name("GET /");
    span->set_start_time_unix_nano(1'763'879'580'000'000'000);
    span->set_end_time_unix_nano(1'763'879'580'100'000'000);
  }
  void AddSummary(bool has_root, std::uint32_t errors) {
    query::v1::TraceSummary trace;
    trace.set_trace_id(std::string(16, 'T'));
    trace.set_root_service("checkout");
    trace.set_root_name("GET /\x1b[2J");
    trace.set_has_root(has_root);
    trace.set_start_unix_nano(1'763'879'580'000'000'000);
    trace.set_duration_nano(212'000'000);
    trace.set_span_count(9);
    trace.set_error_count(errors);
    trace.add_services("checkout");
    trace.add_services("pay");
    client_.summaries.push_back(trace);
  }

  Options options_;
  FakeClient client_;
};

TEST_F(CommandsTest, TraceDrawsWhatTheServerHas) {
  options_.trace_id = "54545454";
  AddSpan();
  const Answer answer = Do(Command::kTrace);
  EXPECT_EQ(client_.asked_for, "54545454");
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_NE(answer.out.find("TRACE 5454"), std::string::npos);
  EXPECT_EQ(answer.err, "");
  options_.format = Format::kName;
  EXPECT_EQ(Do(Command::kTrace).out, "54545454545454545454545454545454\n");
}

TEST_F(CommandsTest, AnUnknownTraceExitsWith3) {
  client_.status = Error{Code::kNotFound, "no trace 54545454"};
  EXPECT_EQ(Do(Command::kTrace).exit_code, 3);
  EXPECT_EQ(Do(Command::kTrace).err, "tracectl: no trace 54545454\n");
  client_.status = {};
  EXPECT_EQ(Do(Command::kTrace).exit_code, 3) << "an answer without spans";
}

TEST_F(CommandsTest, AServerThatIsNotThereExitsWith4AndSaysWhatToDo) {
  client_.status = Error{Code::kUnavailable, "connection refused"};
  options_.server = "collector:7317";
  for (const Command command :
       {Command::kTrace, Command::kTraces, Command::kServices, Command::kStatus}) {
    const Answer answer = Do(command);
    EXPECT_EQ(answer.exit_code, 4);
    EXPECT_EQ(answer.out, "");
    for (const char* part : {"collector:7317", "connection refused", "clew-collector", "--server",
                             "TRACECTL_SERVER"}) {
      EXPECT_NE(answer.err.find(part), std::string::npos) << part;
    }
  }
}

TEST_F(CommandsTest, AnAnswerCutShortIsPrintedAndExitsWith5) {
  AddSpan();
  AddSummary(true, 0);
  client_.status = Error{Code::kUnavailable, "connection reset"};
  for (const Command command : {Command::kTrace, Command::kTraces}) {
    const Answer answer = Do(command);
    EXPECT_EQ(answer.exit_code, 5);
    EXPECT_NE(answer.out, "");
    EXPECT_NE(answer.err.find("only the part"), std::string::npos);
  }
}

TEST_F(CommandsTest, AQuestionThatTheServerRefusesExitsWith2AndRepeatsItHarmlessly) {
  client_.status = Error{Code::kInvalid, "prefix fits several: \x1b[31m4bf9"};
  EXPECT_EQ(Do(Command::kTrace).exit_code, 2);
  EXPECT_EQ(Do(Command::kTrace).err.find('\x1b'), std::string::npos);
}

TEST_F(CommandsTest, TracesAsksForExactlyWhatWasFiltered) {
  options_.filter = {.service = "checkout",
                     .operation = "GET /",
                     .from = UnixNanosFrom(5),
                     .to = UnixNanosFrom(9),
                     .min_duration = std::chrono::nanoseconds(3),
                     .max_duration = std::chrono::nanoseconds(4),
                     .errors = true,
                     .limit = 7};
  (void)Do(Command::kTraces);
  EXPECT_EQ(client_.search.service(), "checkout");
  EXPECT_EQ(client_.search.operation(), "GET /");
  EXPECT_EQ(client_.search.start_min_unix_nano(), 5u);
  EXPECT_EQ(client_.search.start_max_unix_nano(), 9u);
  EXPECT_EQ(client_.search.duration_min_nano(), 3u);
  EXPECT_EQ(client_.search.duration_max_nano(), 4u);
  EXPECT_TRUE(client_.search.errors_only());
  EXPECT_EQ(client_.search.limit(), 7u);
}

TEST_F(CommandsTest, TracesDrawsALinePerTrace) {
  AddSummary(true, 0);
  AddSummary(false, 2);
  EXPECT_EQ(
      Do(Command::kTraces).out,
      "TRACE ID          START (UTC)               DURATION  SPANS  ERRORS  SERVICE   OPERATION\n"
      "5454545454545454  2025-11-23 06:33:00.000Z     212ms      9       0  checkout  GET "
      "/\\x1b[2J\n"
      "5454545454545454  2025-11-23 06:33:00.000Z     212ms      9       2  checkout  GET "
      "/\\x1b[2J (root span missing)\n");
  options_.format = Format::kWide;
  EXPECT_NE(Do(Command::kTraces).out.find("checkout,pay"), std::string::npos);
  options_.format = Format::kName;
  EXPECT_EQ(Do(Command::kTraces).out.size(), 2 * 33u);
  options_.format = Format::kJsonLines;
  const std::string lines = Do(Command::kTraces).out;
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
}

TEST_F(CommandsTest, NoMatchIsNoError) {
  Answer answer = Do(Command::kTraces);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(answer.out, "");
  EXPECT_NE(answer.err, "");
  options_.quiet = true;
  EXPECT_EQ(Do(Command::kTraces).err, "");
  options_.format = Format::kJson;
  EXPECT_EQ(Do(Command::kTraces).out,
            "{\n  \"schema\": \"clew.traces/v1\",\n  \"traces\": []\n}\n");
}

TEST_F(CommandsTest, AFullListSaysThatThereMayBeMore) {
  AddSummary(true, 0);
  options_.filter.limit = 1;
  EXPECT_NE(Do(Command::kTraces).err.find("--limit"), std::string::npos);
}

TEST_F(CommandsTest, ServicesShowsCountAndAge) {
  auto* service = client_.services.add_services();
  service->set_name("check\tout");
  service->set_span_count(12345);
  service->set_last_seen_unix_nano(1'763'879'628'000'000'000);
  EXPECT_EQ(Do(Command::kServices).out,
            "SERVICE      SPANS  LAST SEEN\n"
            "check\\tout  12,345  12s ago\n");
  options_.format = Format::kName;
  EXPECT_EQ(Do(Command::kServices).out, "check\\tout\n");
}

TEST_F(CommandsTest, StatusNamesWhatWasRejectedAndWhy) {
  client_.state.set_version("0.1.0");
  client_.state.set_start_unix_nano(1'763'879'580'000'000'000);
  client_.state.set_spans_received(1000);
  client_.state.set_spans_stored(990);
  client_.state.set_store_bytes(2048);
  client_.state.set_data_dir("/var/lib/clew");
  (*client_.state.mutable_spans_rejected())["bad_trace_id"] = 7;
  (*client_.state.mutable_spans_rejected())["no_start"] = 3;
  EXPECT_EQ(Do(Command::kStatus).out,
            "collector       127.0.0.1:7317, version 0.1.0\n"
            "started         2025-11-23 06:33:00.000Z (1m ago)\n"
            "spans received  1,000\n"
            "spans stored    990\n"
            "spans rejected  10 (bad_trace_id 7, no_start 3)\n"
            "traces          0\n"
            "data            2.0 KiB in /var/lib/clew\n");
}

TEST_F(CommandsTest, VersionNeedsNoServer) {
  client_.status = Error{Code::kUnavailable, "connection refused"};
  EXPECT_EQ(Do(Command::kVersion).exit_code, 0);
  EXPECT_EQ(Do(Command::kVersion).out, "tracectl " CLEW_VERSION "\n");
}

}  // namespace
}  // namespace clew::cli
