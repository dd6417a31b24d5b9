#include "cli/render/span_view.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace clew::cli {
namespace {

namespace otlp = opentelemetry::proto;
using Attributes = google::protobuf::RepeatedPtrField<otlp::common::v1::KeyValue>;

// The first of these keys that is there, strings and integers alike; else empty.
std::string Find(const Attributes& attributes, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    for (const auto& attribute : attributes) {
      if (attribute.key() != key) continue;
      const auto& value = attribute.value();
      if (value.value_case() == otlp::common::v1::AnyValue::kStringValue)
        return value.string_value();
      if (value.value_case() == otlp::common::v1::AnyValue::kIntValue)
        return std::to_string(value.int_value());
    }
  }
  return {};
}

SpanView ViewSpan(const otlp::trace::v1::Span& span, const std::string& service, const SpanId& id) {
  const auto& attributes = span.attributes();
  SpanView view;
  view.trace_id = TraceId::FromBytes(span.trace_id()).value_or(TraceId{});
  view.span_id = id;
  view.parent_id = SpanId::FromBytes(span.parent_span_id()).value_or(SpanId{});
  view.service = service;
  view.name = span.name();
  if (span.kind() >= 0 && span.kind() <= static_cast<int>(SpanKind::kConsumer)) {
    view.kind = static_cast<SpanKind>(span.kind());
  }
  view.start = span.start_time_unix_nano();
  view.end = std::max(view.start, span.end_time_unix_nano());
  view.error = span.status().code() == otlp::trace::v1::Status::STATUS_CODE_ERROR;
  if (view.error) {
    view.status = Find(attributes, {"http.response.status_code", "rpc.grpc.status_code",
                                    "db.response.status_code", "error.type"});
    if (view.status.empty()) view.status = span.status().message();
  }
  view.joined =
      view.kind == SpanKind::kServer && !Find(attributes, {"clew.link.method"}).empty();
  if (view.kind == SpanKind::kClient || view.kind == SpanKind::kProducer) {
    view.peer = Find(attributes, {"server.address", "network.peer.address"});
    const std::string port = Find(attributes, {"server.port", "network.peer.port"});
    if (!view.peer.empty() && !port.empty()) view.peer += ":" + port;
  }
  return view;
}

}  // namespace

std::vector<SpanView> ViewSpans(const otlp::trace::v1::TracesData& traces) {
  std::vector<SpanView> views;
  for (const auto& resource_spans : traces.resource_spans()) {
    const std::string service = Find(resource_spans.resource().attributes(), {"service.name"});
    for (const auto& scope_spans : resource_spans.scope_spans()) {
      for (const auto& span : scope_spans.spans()) {
        const auto id = SpanId::FromBytes(span.span_id());
        if (!id || !id->valid()) continue;
        views.push_back(ViewSpan(span, service, *id));
        views.back().source = &span;
        views.back().resource = &resource_spans;
      }
    }
  }
  return views;
}

const char* KindName(SpanKind kind) {
  constexpr std::array kNames = {"unspecified", "internal", "server",
                                 "client",      "producer", "consumer"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace clew::cli
