#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/render/json_dump.h"
#include "cli/render/json_output.h"
#include "cli/render/list_json.h"
#include "cli/render/otlp_json.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

using opentelemetry::proto::trace::v1::Span;
using opentelemetry::proto::trace::v1::TracesData;

std::string Bytes(std::size_t count, char last) { return std::string(count - 1, '\x01') + last; }

// A server span with everything that OTLP lets it have, and its child from another service.
TracesData Example() {
  TracesData traces;
  auto* resource_spans = traces.add_resource_spans();
  resource_spans->set_schema_url("https://opentelemetry.io/schemas/1.27.0");
  auto* service = resource_spans->mutable_resource()->add_attributes();
  service->set_key("service.name");
  service->mutable_value()->set_string_value("orders");
  auto* scope_spans = resource_spans->add_scope_spans();
  scope_spans->mutable_scope()->set_name("clew");
  scope_spans->mutable_scope()->set_version("0.1.0");
  Span* span = scope_spans->add_spans();
  span->set_trace_id(Bytes(16, 'T'));
  span->set_span_id(Bytes(8, 'a'));
  span->set_trace_state("k=v");
  span->set_name("GET /orders/{id}");
  span->set_kind(Span::SPAN_KIND_SERVER);
  span->set_start_time_unix_nano(1'763'879'580'123'456'789);
  span->set_end_time_unix_nano(1'763'879'580'223'456'789);
  span->set_flags(0x301);
  const auto add = [span](const char* key) {
    auto* attribute = span->add_attributes();
    attribute->set_key(key);
    return attribute->mutable_value();
  };
  add("http.response.status_code")->set_int_value(503);
  add("text")->set_string_value("caf\u00e9 \x1b[2J");
  add("ratio")->set_double_value(0.5);
  add("flag")->set_bool_value(true);
  add("raw")->set_bytes_value(std::string("\x00\xff", 2));
  add("list")->mutable_array_value()->add_values()->set_int_value(9'007'199'254'740'993);
  add("empty");
  auto* nested = add("map")->mutable_kvlist_value()->add_values();
  nested->set_key("k");
  nested->mutable_value()->set_string_value("v");
  auto* event = span->add_events();
  event->set_name("retry");
  event->set_time_unix_nano(1'763'879'580'150'000'000);
  auto* link = span->add_links();
  link->set_trace_id(Bytes(16, 'L'));
  link->set_span_id(Bytes(8, 'l'));
  span->mutable_status()->set_code(opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);
  span->mutable_status()->set_message("no stock");

  Span* child = traces.add_resource_spans()->add_scope_spans()->add_spans();
  child->set_trace_id(span->trace_id());
  child->set_span_id(Bytes(8, 'b'));
  child->set_parent_span_id(span->span_id());
  child->set_start_time_unix_nano(1'763'879'580'130'000'000);
  child->set_end_time_unix_nano(1'763'879'580'140'000'000);
  return traces;
}

std::string OtlpJson(const TracesData& traces, const JsonOptions& options) {
  OtlpJsonWriter writer(options);
  std::string text;
  for (const auto& resource_spans : traces.resource_spans()) text += writer.Add(resource_spans);
  return text + writer.End();
}

TEST(OtlpJson, InPiecesIsTheTextOfTheWhole) {
  for (const bool pretty : {true, false}) {
    for (const TracesData& traces : {Example(), TracesData()}) {
      const std::string text = OtlpJson(traces, {.pretty = pretty});
      EXPECT_EQ(nlohmann::ordered_json::parse(text).dump(pretty ? 2 : -1) + "\n", text);
    }
  }
}

TEST(OtlpJson, WritesIdsAsHexEnumsAsNumbersAndLongIntegersAsStrings) {
  const auto json = nlohmann::json::parse(OtlpJson(Example(), {}));
  const auto& span = json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(span["traceId"], "01010101010101010101010101010154");
  EXPECT_EQ(span["spanId"], "0101010101010161");
  EXPECT_FALSE(span.contains("parentSpanId"));
  EXPECT_EQ(span["kind"], 2);
  EXPECT_EQ(span["startTimeUnixNano"], "1763879580123456789");
  EXPECT_EQ(span["attributes"][0], (nlohmann::json{{"key", "http.response.status_code"},
                                                   {"value", {{"intValue", "503"}}}}));
  EXPECT_EQ(span["status"], (nlohmann::json{{"message", "no stock"}, {"code", 2}}));
}

// Protobuf's own JSON reader is the oracle: apart from the ids, which it takes as base64, it must
// read our text back into the message that we wrote.
TEST(OtlpJson, LosesNothing) {
  const TracesData traces = Example();
  auto json = nlohmann::json::parse(OtlpJson(traces, {.ascii = true, .pretty = false}));
  const auto to_base64 = [](nlohmann::json& object, const char* key) {
    if (!object.contains(key)) return;
    std::string raw;
    const std::string hex = object[key];
    for (std::size_t i = 0; i < hex.size(); i += 2)
      raw += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    object[key] = ToBase64(raw);
  };
  for (auto& resource_spans : json["resourceSpans"]) {
    for (auto& span : resource_spans["scopeSpans"][0]["spans"]) {
      for (const char* key : {"traceId", "spanId", "parentSpanId"}) to_base64(span, key);
      if (!span.contains("links")) continue;
      for (auto& link : span["links"]) {
        to_base64(link, "traceId");
        to_base64(link, "spanId");
      }
    }
  }
  TracesData back;
  const auto status = google::protobuf::util::JsonStringToMessage(json.dump(), &back);
  ASSERT_TRUE(status.ok()) << status.ToString();
  // Messages that are there but empty (scope, status) and those that are absent mean the same.
  EXPECT_EQ(back.resource_spans(0).SerializeAsString(),
            traces.resource_spans(0).SerializeAsString());
  EXPECT_EQ(back.resource_spans(1).scope_spans(0).spans(0).parent_span_id(), Bytes(8, 'a'));
}

TEST(TraceJson, HasTheDocumentedFields) {
  const auto json = nlohmann::json::parse(TraceJson(Example(), {}));
  EXPECT_EQ(json["schema"], "clew.trace/v1");
  EXPECT_EQ(json["trace_id"], "01010101010101010101010101010154");
  EXPECT_EQ(json["start"], "2025-11-23T06:33:00.123456789Z");
  EXPECT_EQ(json["duration_nano"], 100'000'000);
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["error_count"], 1);
  const auto& span = json["spans"][0];
  EXPECT_EQ(span["service"], "orders");
  EXPECT_EQ(span["kind"], "server");
  EXPECT_EQ(span["parent_span_id"], nullptr);
  EXPECT_EQ(span["status"], "error");
  EXPECT_EQ(span["attributes"]["http.response.status_code"], 503);
  EXPECT_EQ(span["attributes"]["list"], (nlohmann::json::array({9'007'199'254'740'993})));
  EXPECT_EQ(span["attributes"]["raw"], "AP8=");
  EXPECT_EQ(span["attributes"]["map"]["k"], "v");
  EXPECT_EQ(span["resource"]["service.name"], "orders");
  EXPECT_EQ(span["events"][0]["name"], "retry");
  EXPECT_EQ(json["spans"][1]["parent_span_id"], "0101010101010161");
}

TEST(TraceJson, MarksSpansWhoseParentIsMissing) {
  TracesData traces = Example();
  traces.mutable_resource_spans()->DeleteSubrange(0, 1);
  const auto json = nlohmann::json::parse(TraceJson(traces, {}));
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["missing_parents"], 1);
  EXPECT_EQ(json["spans"][0]["parent_missing"], true);
}

TEST(TraceJson, OfATerminalHoldsNoByteThatATerminalObeys) {
  TracesData traces = Example();
  Span* span = traces.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(0);
  span->set_name(
      "\x1b[2J\xc2\x9b"
      "31m\u202e");
  for (const std::string& text :
       {TraceJson(traces, {.ascii = true}), OtlpJson(traces, {.ascii = true})}) {
    for (const char c : text) ASSERT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f));
  }
}

TEST(Json, OfOneLineHasOneLineBreak) {
  for (const std::string& text :
       {TraceJson(Example(), {.pretty = false}), OtlpJson(Example(), {.pretty = false})}) {
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
    EXPECT_EQ(text.back(), '\n');
  }
}

TEST(SummaryJson, IsTheSameAloneAndInAList) {
  query::v1::TraceSummary trace;
  trace.set_trace_id(Bytes(16, 'T'));
  trace.set_root_service("orders");
  trace.set_root_name("GET");
  trace.set_start_unix_nano(1'763'879'580'000'000'000);
  trace.set_duration_nano(5);
  trace.add_services("orders");
  const auto alone = nlohmann::json::parse(TraceSummaryJson(trace, {}));
  const auto list = nlohmann::json::parse(TracesJson({trace}, {}, {}));
  EXPECT_EQ(list["schema"], "clew.traces/v1");
  ASSERT_TRUE(list["traces"].is_array());
  EXPECT_EQ(list["traces"][0], alone);
  EXPECT_EQ(alone["start_unix_nano"], "1763879580000000000");
  EXPECT_EQ(alone["services"], nlohmann::json::array({"orders"}));
}

TEST(TracesJson, SaysWhereItGoesOnAndWhatItLacks) {
  query::v1::PageEnd end;
  EXPECT_FALSE(nlohmann::json::parse(TracesJson({}, end, {})).contains("next_page"));
  end.set_next_cursor("abc");
  end.set_partial(query::v1::PARTIAL_DEADLINE);
  end.set_partial_detail("too slow");
  const auto json = nlohmann::json::parse(TracesJson({}, end, {}));
  EXPECT_EQ(json["next_page"], "abc");
  EXPECT_EQ(json["partial"], "too slow");
}

TEST(ListJson, HasTheDocumentedFields) {
  query::v1::ListOperationsResponse operations;
  auto* operation = operations.add_operations();
  operation->set_name("GET /");
  operation->set_kind(2);
  operation->set_span_count(5);
  auto json = nlohmann::json::parse(OperationsJson(operations, "shop", {}));
  EXPECT_EQ(json["schema"], "clew.operations/v1");
  EXPECT_EQ(json["service"], "shop");
  EXPECT_EQ(json["operations"][0]["kind"], "server");
  EXPECT_EQ(json["operations"][0]["span_count"], 5);

  query::v1::ListAttributeKeysResponse keys;
  keys.add_keys()->set_key("user.id");
  keys.mutable_keys(0)->set_of_resource(true);
  keys.set_truncated(true);
  json = nlohmann::json::parse(AttributeKeysJson(keys, {}));
  EXPECT_EQ(json["schema"], "clew.keys/v1");
  EXPECT_EQ(json["truncated"], true);
  EXPECT_EQ(json["keys"][0],
            (nlohmann::json{{"key", "user.id"}, {"of", "resource"}, {"span_count", 0}}));

  query::v1::GetDependenciesResponse graph;
  auto* edge = graph.add_edges();
  edge->set_caller("web");
  edge->set_callee("db");
  edge->set_calls(1.5);
  edge->set_p99_nano(7);
  json = nlohmann::json::parse(DependenciesJson(graph, {}));
  EXPECT_EQ(json["schema"], "clew.dependencies/v1");
  EXPECT_FALSE(json.contains("start_max"));
  EXPECT_EQ(json["dependencies"][0]["calls"], 1.5);
  EXPECT_EQ(json["dependencies"][0]["p99_nano"], 7);
}

TEST(ServicesAndStatusJson, AreObjectsWithASchema) {
  query::v1::ListServicesResponse services;
  services.add_services()->set_name("orders");
  const auto json = nlohmann::json::parse(ServicesJson(services, {}));
  EXPECT_EQ(json["schema"], "clew.services/v1");
  EXPECT_EQ(json["services"][0]["name"], "orders");
  query::v1::GetStatusResponse status;
  (*status.mutable_spans_rejected())["bad_trace_id"] = 3;
  const auto state = nlohmann::json::parse(StatusJson(status, "host:1", {}));
  EXPECT_EQ(state["schema"], "clew.status/v1");
  EXPECT_EQ(state["spans_rejected"]["bad_trace_id"], 3);
  EXPECT_FALSE(state.contains("oldest"));
}

TEST(ToBase64, PadsAsRfc4648Says) {
  EXPECT_EQ(ToBase64(""), "");
  EXPECT_EQ(ToBase64("f"), "Zg==");
  EXPECT_EQ(ToBase64("fo"), "Zm8=");
  EXPECT_EQ(ToBase64("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace clew::cli
