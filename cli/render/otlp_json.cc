// OTLP/JSON by hand: protobuf's own printer writes ids as base64 and enums as names, where OTLP
// wants hex and numbers.
#include "cli/render/otlp_json.h"

#include "base/hex.h"
#include "cli/render/json_dump.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace clew::cli {
namespace {

namespace common = opentelemetry::proto::common::v1;
namespace trace = opentelemetry::proto::trace::v1;

// OTLP's default values are left out, as protobuf's JSON mapping does.
void Put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}
void Put(Json& json, const char* key, std::uint32_t number) {
  if (number != 0) json[key] = number;
}
void PutNanos(Json& json, const char* key, std::uint64_t nanos) {
  json[key] = std::to_string(nanos);
}

Json Attributes(const google::protobuf::RepeatedPtrField<common::KeyValue>& attributes);

// As deep as the message: protobuf's decoder has refused more than 100 levels.
Json Value(const common::AnyValue& value) {
  switch (value.value_case()) {
    case common::AnyValue::kStringValue:
      return {{"stringValue", value.string_value()}};
    case common::AnyValue::kBoolValue:
      return {{"boolValue", value.bool_value()}};
    case common::AnyValue::kIntValue:
      return {{"intValue", std::to_string(value.int_value())}};
    case common::AnyValue::kDoubleValue:
      return {{"doubleValue", value.double_value()}};
    case common::AnyValue::kBytesValue:
      return {{"bytesValue", ToBase64(value.bytes_value())}};
    case common::AnyValue::kArrayValue: {
      Json values = Json::array();
      for (const auto& element : value.array_value().values()) values.push_back(Value(element));
      return {{"arrayValue", {{"values", std::move(values)}}}};
    }
    case common::AnyValue::kKvlistValue:
      return {{"kvlistValue", {{"values", Attributes(value.kvlist_value().values())}}}};
    case common::AnyValue::VALUE_NOT_SET:
      break;
  }
  return Json::object();
}

Json Attributes(const google::protobuf::RepeatedPtrField<common::KeyValue>& attributes) {
  Json list = Json::array();
  for (const auto& attribute : attributes) {
    Json entry = Json::object();
    entry["key"] = attribute.key();
    entry["value"] = Value(attribute.value());
    list.push_back(std::move(entry));
  }
  return list;
}

template <typename Message>
void PutAttributes(Json& json, const Message& message) {
  if (message.attributes_size() > 0) json["attributes"] = Attributes(message.attributes());
  Put(json, "droppedAttributesCount", message.dropped_attributes_count());
}

Json EventJson(const trace::Span::Event& event) {
  Json json = Json::object();
  PutNanos(json, "timeUnixNano", event.time_unix_nano());
  Put(json, "name", event.name());
  PutAttributes(json, event);
  return json;
}

Json LinkJson(const trace::Span::Link& link) {
  Json json = Json::object();
  json["traceId"] = ToHex(link.trace_id());
  json["spanId"] = ToHex(link.span_id());
  Put(json, "traceState", link.trace_state());
  PutAttributes(json, link);
  Put(json, "flags", link.flags());
  return json;
}

Json SpanJson(const trace::Span& span) {
  Json json = Json::object();
  json["traceId"] = ToHex(span.trace_id());
  json["spanId"] = ToHex(span.span_id());
  Put(json, "traceState", span.trace_state());
  Put(json, "parentSpanId", ToHex(span.parent_span_id()));
  json["name"] = span.name();
  json["kind"] = static_cast<int>(span.kind());
  PutNanos(json, "startTimeUnixNano", span.start_time_unix_nano());
  PutNanos(json, "endTimeUnixNano", span.end_time_unix_nano());
  PutAttributes(json, span);
  for (const auto& event : span.events()) json["events"].push_back(EventJson(event));
  Put(json, "droppedEventsCount", span.dropped_events_count());
  for (const auto& link : span.links()) json["links"].push_back(LinkJson(link));
  Put(json, "droppedLinksCount", span.dropped_links_count());
  Json status = Json::object();
  Put(status, "message", span.status().message());
  if (span.status().code() != 0) status["code"] = static_cast<int>(span.status().code());
  json["status"] = std::move(status);
  Put(json, "flags", span.flags());
  return json;
}

Json ScopeSpansJson(const trace::ScopeSpans& scope_spans) {
  Json scope = Json::object();
  Put(scope, "name", scope_spans.scope().name());
  Put(scope, "version", scope_spans.scope().version());
  PutAttributes(scope, scope_spans.scope());
  Json json = Json::object();
  json["scope"] = std::move(scope);
  json["spans"] = Json::array();
  for (const auto& span : scope_spans.spans()) json["spans"].push_back(SpanJson(span));
  Put(json, "schemaUrl", scope_spans.schema_url());
  return json;
}

Json EntityJson(const common::EntityRef& entity) {
  Json json = Json::object();
  Put(json, "schemaUrl", entity.schema_url());
  Put(json, "type", entity.type());
  for (const auto& key : entity.id_keys()) json["idKeys"].push_back(key);
  for (const auto& key : entity.description_keys()) json["descriptionKeys"].push_back(key);
  return json;
}

Json ResourceSpansJson(const trace::ResourceSpans& resource_spans) {
  Json resource = Json::object();
  PutAttributes(resource, resource_spans.resource());
  for (const auto& entity : resource_spans.resource().entity_refs())
    resource["entityRefs"].push_back(EntityJson(entity));
  Json json = Json::object();
  json["resource"] = std::move(resource);
  json["scopeSpans"] = Json::array();
  for (const auto& scope_spans : resource_spans.scope_spans()) {
    json["scopeSpans"].push_back(ScopeSpansJson(scope_spans));
  }
  Put(json, "schemaUrl", resource_spans.schema_url());
  return json;
}

}  // namespace

std::string OtlpJsonWriter::Add(const trace::ResourceSpans& resource_spans) {
  const std::string text = Dump(ResourceSpansJson(resource_spans), options_);
  std::string out = begun_            ? ","
                    : options_.pretty ? "{\n  \"resourceSpans\": ["
                                      : "{\"resourceSpans\":[";
  begun_ = true;
  if (!options_.pretty) return out.append(text, 0, text.size() - 1);
  // As deep as it stands in the whole. No text in JSON holds a line break.
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    out.append("\n    ").append(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return out;
}

std::string OtlpJsonWriter::End() const {
  if (!begun_) return Dump({{"resourceSpans", Json::array()}}, options_);
  return options_.pretty ? "\n  ]\n}\n" : "]}\n";
}

}  // namespace clew::cli
