// DecodeRequest against the generated protobuf classes.
//
//   1. Of any bytes: a span that we accept, with the resource and scope that we store with it,
//   protobuf parses, and
//      sees the same ids, times, service and name in it. Else a query could not show it.
//   2. Of any message, in protobuf's own encoding: we accept it, and exactly those of its spans
//   that the rules of
//      validate.h, written down here once more on the generated classes, accept.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "collector/receiver/decode.h"
#include "collector/receiver/validate.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "store/keys.h"

namespace {

namespace otlp = opentelemetry::proto;
using clew::receiver::DecodedRequest;
using otlp::collector::trace::v1::ExportTraceServiceRequest;

const clew::UnixNanos kNow = clew::UnixNanosFrom(1'700'000'000'000'000'000);

void Expect(bool claim) {
  if (!claim) std::abort();
}

bool Set(const std::string& id, std::size_t size) {
  return id.size() == size && id.find_first_not_of('\0') != std::string::npos;
}

bool ShallowEnough(const otlp::common::v1::AnyValue& value, int depth) {
  if (value.has_array_value()) {
    if (depth == 0) return false;
    for (const auto& item : value.array_value().values()) {
      if (!ShallowEnough(item, depth - 1)) return false;
    }
  }
  if (value.has_kvlist_value()) {
    if (depth == 0) return false;
    for (const auto& item : value.kvlist_value().values()) {
      if (!ShallowEnough(item.value(), depth - 1)) return false;
    }
  }
  return true;
}

template <typename Attributes>
bool AttributesAreFine(const Attributes& attributes) {
  if (attributes.size() > clew::receiver::kMaxAttributes) return false;
  for (const auto& attribute : attributes) {
    if (!ShallowEnough(attribute.value(), clew::receiver::kMaxDepth)) return false;
  }
  return true;
}

bool SpanIsFine(const otlp::trace::v1::Span& span) {
  const std::uint64_t latest = clew::ToUint64(kNow + clew::receiver::kMaxAhead);
  if (!Set(span.trace_id(), 16) || !Set(span.span_id(), 8)) return false;
  if (!span.parent_span_id().empty() && !Set(span.parent_span_id(), 8)) return false;
  if (span.start_time_unix_nano() == 0 || span.end_time_unix_nano() < span.start_time_unix_nano())
    return false;
  if (span.end_time_unix_nano() > latest || span.kind() < 0 || span.kind() > 5) return false;
  if (span.status().code() < 0 || span.status().code() > 2) return false;
  if (span.name().size() > clew::receiver::kMaxNameBytes || !AttributesAreFine(span.attributes()))
    return false;
  if (span.ByteSizeLong() > clew::receiver::kMaxSpanBytes) return false;
  if (span.events_size() > clew::receiver::kMaxEvents ||
      span.links_size() > clew::receiver::kMaxLinks)
    return false;
  for (const auto& event : span.events()) {
    if (!AttributesAreFine(event.attributes())) return false;
  }
  for (const auto& link : span.links()) {
    if (!AttributesAreFine(link.attributes())) return false;
  }
  return true;
}

std::string ServiceOf(const otlp::resource::v1::Resource& resource) {
  for (const auto& attribute : resource.attributes()) {
    const std::string& value = attribute.value().string_value();
    if (attribute.key() == "service.name" && !value.empty()) return value;
  }
  return "unknown_service";
}

struct Expected {
  const otlp::trace::v1::Span* span;
  std::string service;
  bool fine;
};

std::vector<Expected> SpansOf(const ExportTraceServiceRequest& request) {
  std::vector<Expected> spans;
  for (const auto& resource_spans : request.resource_spans()) {
    otlp::trace::v1::ResourceSpans bare = resource_spans;
    bare.clear_scope_spans();
    const std::string service = ServiceOf(resource_spans.resource());
    const bool resource_fine = AttributesAreFine(resource_spans.resource().attributes()) &&
                               bare.ByteSizeLong() <= clew::receiver::kMaxContextBytes &&
                               service.size() <= clew::store::kMaxServiceName;
    for (const auto& scope_spans : resource_spans.scope_spans()) {
      otlp::trace::v1::ScopeSpans bare_scope = scope_spans;
      bare_scope.clear_spans();
      const bool fine = resource_fine && AttributesAreFine(scope_spans.scope().attributes()) &&
                        bare_scope.ByteSizeLong() <= clew::receiver::kMaxContextBytes;
      for (const auto& span : scope_spans.spans())
        spans.push_back({&span, service, fine && SpanIsFine(span)});
    }
  }
  return spans;
}

// Protobuf reads what is stored, and sees in it what we saw.
void ExpectReadable(const clew::store::SpanRecord& got, otlp::trace::v1::Span& span) {
  otlp::trace::v1::ResourceSpans resource;
  otlp::trace::v1::ScopeSpans scope;
  Expect(span.ParseFromString(got.span));
  Expect(resource.ParseFromString(*got.resource) && scope.ParseFromString(*got.scope));
  Expect(resource.scope_spans_size() == 0 && scope.spans_size() == 0);
  Expect(got.service == ServiceOf(resource.resource()));
  Expect(got.trace_id.View() == span.trace_id() && got.span_id.View() == span.span_id());
  Expect(span.parent_span_id().empty() ? !got.parent_id.valid()
                                       : got.parent_id.View() == span.parent_span_id());
  Expect(got.name == span.name() && got.kind == span.kind() &&
         got.status_code == span.status().code());
  Expect(clew::ToUint64(got.start) == span.start_time_unix_nano());
  Expect(clew::ToUint64(got.end) == span.end_time_unix_nano());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto decoded = clew::receiver::DecodeRequest(bytes, kNow);
  otlp::trace::v1::Span span;
  if (decoded) {
    for (const auto& record : decoded->spans) ExpectReadable(record, span);
  }

  ExportTraceServiceRequest message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  message.DiscardUnknownFields();
  const std::string canonical = message.SerializeAsString();
  const auto again = clew::receiver::DecodeRequest(canonical, kNow);
  Expect(again.has_value());
  std::size_t accepted = 0;
  const auto spans = SpansOf(message);
  for (const Expected& expected : spans) {
    if (!expected.fine) continue;
    Expect(accepted < again->spans.size());
    const auto& record = again->spans[accepted++];
    ExpectReadable(record, span);
    Expect(record.service == expected.service &&
           span.SerializeAsString() == expected.span->SerializeAsString());
  }
  Expect(accepted == again->spans.size() && again->rejected_total() == spans.size() - accepted);
  return 0;
}
