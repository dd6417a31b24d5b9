#include <limits>

#include "tests/unit/cli/commands_fixture.h"

namespace clew::cli {
namespace {

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

TEST_F(CommandsTest, JsonLinesOfATraceAreALineForEachSpanAsItComes) {
  AddSpan();
  AddSpan();
  options_.format = Format::kJsonLines;
  Answer answer = Do(Command::kTrace);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(std::count(answer.out.begin(), answer.out.end(), '\n'), 2);
  EXPECT_EQ(answer.out.find(R"({"schema":"clew.span/v1","trace_id":"5454)"), 0u) << answer.out;
  EXPECT_EQ(writes_, 2);
  max_writes_ = 0;  // nobody reads any more: the second chunk is not taken
  answer = Do(Command::kTrace);
  EXPECT_EQ(std::count(answer.out.begin(), answer.out.end(), '\n'), 1);
}

TEST_F(CommandsTest, ADrawingOfTooManySpansSaysThatItIsCutAndWhatWritesAll) {
  AddSpan();
  auto& spans = *client_.chunks.front().mutable_resource_spans(0)->mutable_scope_spans(0);
  for (std::uint32_t i = 1; i < 100'001; ++i) {
    auto* const span = spans.add_spans();
    span->CopyFrom(spans.spans(0));
    span->set_span_id(std::string("1234") + std::string(reinterpret_cast<const char*>(&i), 4));
    span->set_parent_span_id(spans.spans(0).span_id());
  }
  Answer answer = Do(Command::kTrace);
  EXPECT_EQ(answer.exit_code, 5);
  EXPECT_NE(answer.out.find("100000 spans"), std::string::npos) << answer.out.substr(0, 200);
  EXPECT_NE(answer.out.find("cut short"), std::string::npos) << answer.out.substr(0, 200);
  EXPECT_EQ(answer.out.find("critical path"), std::string::npos);
  EXPECT_NE(answer.err.find("-o jsonl"), std::string::npos) << answer.err;
  spans.mutable_spans()->RemoveLast();
  answer = Do(Command::kTrace);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(answer.err, "");
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
       {Command::kTrace, Command::kTraces, Command::kServices, Command::kOperations, Command::kKeys,
        Command::kDependencies, Command::kStatus}) {
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
  options_.filter = {.query = "code>=500",
                     .service = "checkout",
                     .operation = "GET \"/\"",
                     .from = UnixNanosFrom(5),
                     .to = UnixNanosFrom(9),
                     .min_duration = std::chrono::nanoseconds(3),
                     .max_duration = std::chrono::nanoseconds(4),
                     .errors = true,
                     .order = Order::kSlowest,
                     .limit = 7,
                     .page = "there"};
  (void)Do(Command::kTraces);
  ASSERT_EQ(client_.searches.size(), 1u);
  const auto& search = client_.searches[0];
  EXPECT_EQ(search.query(), R"(code>=500 service="checkout" name="GET \"/\"" trace.duration>=3ns )"
                            R"(trace.duration<=4ns trace.error=true)");
  EXPECT_EQ(search.start_min_unix_nano(), 5u);
  EXPECT_EQ(search.start_max_unix_nano(), 9u);
  EXPECT_EQ(search.order(), query::v1::ORDER_SLOWEST);
  EXPECT_EQ(search.limit(), 7u);
  EXPECT_EQ(search.cursor(), "there");
}

TEST_F(CommandsTest, AllAsksForPageAfterPage) {
  AddSummary(true, 0);
  AddEnd("a");
  AddEnd("b", query::v1::PARTIAL_DEADLINE);  // there is a way on: nothing is missing
  AddEnd("");
  options_.filter.all = true;
  for (const Format format : {Format::kName, Format::kTable}) {
    options_.format = format;
    const auto ends = client_.ends;
    client_.searches.clear();
    const Answer answer = Do(Command::kTraces);
    client_.ends = ends;
    EXPECT_EQ(answer.exit_code, 0);
    EXPECT_EQ(answer.err, "");
    ASSERT_EQ(client_.searches.size(), 3u);
    EXPECT_EQ(client_.searches[0].cursor(), "");
    EXPECT_EQ(client_.searches[1].cursor(), "a");
    EXPECT_EQ(client_.searches[2].cursor(), "b");
    EXPECT_EQ(std::count(answer.out.begin(), answer.out.end(), '\n'),
              format == Format::kName ? 3 : 4);
  }
}

TEST_F(CommandsTest, AllEndsWhenNothingMovesAnyMore) {
  options_.filter.all = true;
  AddEnd("a", query::v1::PARTIAL_DEADLINE);
  AddEnd("a", query::v1::PARTIAL_DEADLINE);
  const Answer answer = Do(Command::kTraces);
  EXPECT_EQ(answer.exit_code, 5);
  EXPECT_EQ(client_.searches.size(), 2u);
}

TEST_F(CommandsTest, AllEndsWhenNobodyReads) {
  AddSummary(true, 0);
  AddEnd("a");
  AddEnd("b");
  options_.filter.all = true;
  options_.format = Format::kName;
  max_writes_ = 1;
  (void)Do(Command::kTraces);
  EXPECT_EQ(client_.searches.size(), 1u);
}

TEST_F(CommandsTest, APartialAnswerIsPrintedAndExitsWith5) {
  AddSummary(true, 0);
  AddEnd("there", query::v1::PARTIAL_DEADLINE);
  const Answer answer = Do(Command::kTraces);
  EXPECT_EQ(answer.exit_code, 5);
  EXPECT_NE(answer.out, "");
  EXPECT_NE(answer.err.find("the search took too long"), std::string::npos);
  EXPECT_NE(answer.err.find("--page there"), std::string::npos);
}

TEST_F(CommandsTest, OtlpIsWrittenAsItComes) {
  AddSpan();
  AddSpan();
  options_.format = Format::kOtlp;
  const Answer answer = Do(Command::kTrace);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(writes_, 2);
  EXPECT_EQ(answer.out.substr(0, 21), "{\n  \"resourceSpans\": ");
  EXPECT_EQ(answer.out.substr(answer.out.size() - 7), "\n  ]\n}\n");
  client_.chunks.clear();
  EXPECT_EQ(Do(Command::kTrace).exit_code, 3);
  EXPECT_EQ(Do(Command::kTrace).out, "");
}

TEST_F(CommandsTest, OperationsShowsEachKind) {
  options_.service = "shop";
  for (const std::uint32_t kind : {2u, 3u}) {
    auto* operation = client_.operations.add_operations();
    operation->set_name("GET /\t");
    operation->set_kind(kind);
    operation->set_span_count(1234);
    operation->set_last_seen_unix_nano(1'763'879'628'000'000'000);
  }
  client_.operations.set_truncated(true);
  const Answer answer = Do(Command::kOperations);
  EXPECT_EQ(client_.asked_for, "shop");
  EXPECT_EQ(answer.out,
            "KIND    SPANS  LAST SEEN  OPERATION\n"
            "server  1,234  12s ago    GET /\\t\n"
            "client  1,234  12s ago    GET /\\t\n");
  EXPECT_NE(answer.err.find("more than the collector keeps"), std::string::npos);
  options_.format = Format::kName;
  EXPECT_EQ(Do(Command::kOperations).out, "GET /\\t\n");
}

TEST_F(CommandsTest, KeysAreNamedAsQueriesNameThem) {
  client_.keys.add_keys()->set_key("user.id");
  auto* host = client_.keys.add_keys();
  host->set_key("host.name");
  host->set_of_resource(true);
  host->set_span_count(5);
  EXPECT_EQ(Do(Command::kKeys).out,
            "OF        SPANS  ATTRIBUTE\n"
            "span          0  user.id\n"
            "resource      5  host.name\n");
  options_.format = Format::kName;
  EXPECT_EQ(Do(Command::kKeys).out, "span.user.id\nresource.host.name\n");
}

TEST_F(CommandsTest, DependenciesShowsCallsAndLatencies) {
  options_.filter.from = UnixNanosFrom(5);
  auto* edge = client_.dependencies.add_edges();
  edge->set_caller("web");
  edge->set_callee("db");
  edge->set_calls(1233.6);
  edge->set_errors(std::numeric_limits<double>::quiet_NaN());
  edge->set_p50_nano(1'000'000);
  edge->set_p95_nano(2'000'000);
  edge->set_p99_nano(3'000'000);
  EXPECT_EQ(Do(Command::kDependencies).out,
            "CALLER  CALLEE  CALLS  ERRORS     P50     P95       P99\n"
            "web     db      1,234       0  1.00ms  2.00ms    3.00ms\n");
  EXPECT_EQ(client_.dependencies_request.start_min_unix_nano(), 5u);
  EXPECT_EQ(client_.dependencies_request.start_max_unix_nano(), 0u);
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

TEST_F(CommandsTest, APageThatIsNotTheLastSaysHowToGoOn) {
  AddSummary(true, 0);
  AddEnd("there");
  const Answer answer = Do(Command::kTraces);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_NE(answer.err.find("--limit"), std::string::npos);
  EXPECT_NE(answer.err.find("--page there"), std::string::npos);
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
