#include "cli/render/json_output.h"

#include <set>

#include "base/hex.h"
#include "cli/render/json_dump.h"
#include "cli/render/trace_tree.h"
#include "cli/render/units.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

namespace common = opentelemetry::proto::common::v1;
using Attributes = google::protobuf::RepeatedPtrField<common::KeyValue>;

Json AttributesJson(const Attributes& attributes);

// Plain JSON values; bytes as base64. As deep as the message: protobuf's decoder has refused more
// than 100 levels.
Json ValueJson(const common::AnyValue& value) {
  switch (value.value_case()) {
    case common::AnyValue::kStringValue:
      return value.string_value();
    case common::AnyValue::kBoolValue:
      return value.bool_value();
    case common::AnyValue::kIntValue:
      return value.int_value();
    case common::AnyValue::kDoubleValue:
      return value.double_value();
    case common::AnyValue::kBytesValue:
      return ToBase64(value.bytes_value());
    case common::AnyValue::kArrayValue: {
      Json values = Json::array();
      for (const auto& element : value.array_value().values()) values.push_back(ValueJson(element));
      return values;
    }
    case common::AnyValue::kKvlistValue:
      return AttributesJson(value.kvlist_value().values());
    case common::AnyValue::VALUE_NOT_SET:
      break;
  }
  return nullptr;
}

Json AttributesJson(const Attributes& attributes) {
  // ordered_json looks every key up by walking its list: an element made in place avoids n^2 on
  // hostile counts.
  Json::object_t object;
  std::set<std::string_view> seen;
  for (const auto& attribute : attributes) {
    if (seen.insert(attribute.key()).second)
      object.Container::emplace_back(attribute.key(), ValueJson(attribute.value()));
  }
  return object;
}

const char* StatusName(int code) { return code == 2 ? "error" : code == 1 ? "ok" : "unset"; }

Json SpanJson(const SpanView& view, bool parent_missing) {
  const auto& span = *view.source;
  Json json = Json::object();
  json["span_id"] = view.span_id.ToHex();
  json["parent_span_id"] = view.parent_id.valid() ? Json(view.parent_id.ToHex()) : Json(nullptr);
  if (parent_missing) json["parent_missing"] = true;
  json["service"] = view.service;
  json["name"] = view.name;
  json["kind"] = KindName(view.kind);
  PutTime(json, "start", view.start);
  json["duration_nano"] = view.duration();
  json["status"] = StatusName(span.status().code());
  if (!span.status().message().empty()) json["status_message"] = span.status().message();
  json["attributes"] = AttributesJson(span.attributes());
  json["resource"] = AttributesJson(view.resource->resource().attributes());
  for (const auto& event : span.events()) {
    Json entry = Json::object();
    entry["name"] = event.name();
    PutTime(entry, "time", event.time_unix_nano());
    entry["attributes"] = AttributesJson(event.attributes());
    json["events"].push_back(std::move(entry));
  }
  for (const auto& link : span.links()) {
    json["links"].push_back({{"trace_id", ToHex(link.trace_id())},
                             {"span_id", ToHex(link.span_id())},
                             {"attributes", AttributesJson(link.attributes())}});
  }
  return json;
}

Json SummaryJson(const query::v1::TraceSummary& trace) {
  Json json = Json::object();
  json["trace_id"] = ToHex(trace.trace_id());
  json["root_service"] = trace.root_service();
  json["root_name"] = trace.root_name();
  json["has_root"] = trace.has_root();
  PutTime(json, "start", trace.start_unix_nano());
  json["duration_nano"] = trace.duration_nano();
  json["span_count"] = trace.span_count();
  json["error_count"] = trace.error_count();
  json["services"] = std::vector<std::string>(trace.services().begin(), trace.services().end());
  return json;
}

}  // namespace

void PutTime(Json& json, const std::string& name, std::uint64_t unix_nanos) {
  json[name] = Rfc3339(UnixNanosFrom(unix_nanos));
  json[name + "_unix_nano"] =
      std::to_string(unix_nanos);  // a string: JSON's usual readers round above 2^53
}

std::string ToBase64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t present = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < present ? static_cast<std::uint8_t>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j)
      text += j <= present ? kDigits[group >> (18 - 6 * j) & 0x3f] : '=';
  }
  return text;
}

std::string TraceJson(const opentelemetry::proto::trace::v1::TracesData& traces,
                      const JsonOptions& options) {
  const std::vector<SpanView> spans = ViewSpans(traces);
  const TraceTree tree = BuildTree(spans);
  std::set<std::string> services;
  std::uint64_t errors = 0;
  Json list = Json::array();
  for (std::size_t node = 0; node < tree.spans; ++node) {
    const SpanView& span = spans[tree.nodes[node].span];
    const std::size_t parent = tree.nodes[node].parent;
    services.insert(span.service);
    errors += span.error ? 1 : 0;
    list.push_back(SpanJson(span, parent != kNone && tree.nodes[parent].span == kNone));
  }
  Json json = Json::object();
  json["schema"] = "clew.trace/v1";
  json["trace_id"] = spans.empty() ? std::string() : spans.front().trace_id.ToHex();
  PutTime(json, "start", tree.start);
  json["duration_nano"] = tree.end - tree.start;
  json["complete"] = tree.complete();
  json["missing_parents"] = tree.missing_parents;
  json["roots"] = tree.roots.size();
  json["span_count"] = tree.spans;
  json["error_count"] = errors;
  json["services"] = services;
  json["spans"] = std::move(list);
  return Dump(json, options);
}

std::string SpanLine(const SpanView& span, const JsonOptions& options) {
  Json json = Json::object();
  json["schema"] = "clew.span/v1";
  json["trace_id"] = span.trace_id.ToHex();
  Json members = SpanJson(span, false);
  for (const auto& member : members.items()) json[member.key()] = std::move(member.value());
  return Dump(json, {options.ascii, false});
}

std::string TracesJson(const std::vector<query::v1::TraceSummary>& traces,
                       const query::v1::PageEnd& end, const JsonOptions& options) {
  Json list = Json::array();
  for (const auto& trace : traces) list.push_back(SummaryJson(trace));
  Json json = {{"schema", "clew.traces/v1"}, {"traces", std::move(list)}};
  if (!end.next_cursor().empty()) json["next_page"] = end.next_cursor();
  if (end.partial() != query::v1::PARTIAL_NO) json["partial"] = end.partial_detail();
  return Dump(json, options);
}

std::string TraceSummaryJson(const query::v1::TraceSummary& trace, const JsonOptions& options) {
  return Dump(SummaryJson(trace), options);
}

std::string ServicesJson(const query::v1::ListServicesResponse& services,
                         const JsonOptions& options) {
  Json list = Json::array();
  for (const auto& service : services.services()) {
    Json entry = Json::object();
    entry["name"] = service.name();
    entry["span_count"] = service.span_count();
    PutTime(entry, "last_seen", service.last_seen_unix_nano());
    list.push_back(std::move(entry));
  }
  return Dump({{"schema", "clew.services/v1"}, {"services", std::move(list)}}, options);
}

std::string StatusJson(const query::v1::GetStatusResponse& status, const std::string& server,
                       const JsonOptions& options) {
  Json rejected = Json::object();
  for (const auto& [reason, count] : status.spans_rejected()) rejected[reason] = count;
  Json json = Json::object();
  json["schema"] = "clew.status/v1";
  json["server"] = server;
  json["version"] = status.version();
  PutTime(json, "start", status.start_unix_nano());
  json["spans_received"] = status.spans_received();
  json["spans_stored"] = status.spans_stored();
  json["spans_rejected"] = std::move(rejected);
  json["trace_count"] = status.trace_count();
  json["store_bytes"] = status.store_bytes();
  json["data_dir"] = status.data_dir();
  if (status.oldest_unix_nano() != 0) PutTime(json, "oldest", status.oldest_unix_nano());
  return Dump(json, options);
}

}  // namespace clew::cli
