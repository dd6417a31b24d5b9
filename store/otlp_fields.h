// What Clew reads of a serialized OTLP span and resource: the fields that are validated and
// indexed.
//
// Both functions follow protobuf's merging rules (of a repeated singular field the last one counts,
// messages merge), so they see what a generated parser would see. They throw a protozero::exception
// on malformed bytes.
#pragma once

#include <cstdint>
#include <string_view>

namespace clew::store {

// Views the serialized span. Nothing is checked but the wire format.
struct SpanFields {
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view parent_span_id;
  std::string_view trace_state;
  std::string_view name;
  std::int32_t kind = 0;
  std::int32_t status_code = 0;
  std::uint64_t start_unix_nano = 0;
  std::uint64_t end_unix_nano = 0;
};
SpanFields ReadSpanFields(std::string_view span);

// The first non-empty string attribute `service.name` of a serialized ResourceSpans (its
// scope_spans are not looked at); what OpenTelemetry prescribes for a resource without one,
// "unknown_service", else.
std::string_view ReadServiceName(std::string_view resource_spans);

// Field numbers of OTLP that are read in more than one place. Source:
// opentelemetry/proto/trace/v1/trace.proto.
namespace otlp {
inline constexpr std::uint32_t kRequestResourceSpans = 1;
inline constexpr std::uint32_t kResourceSpansResource = 1;
inline constexpr std::uint32_t kResourceSpansScopeSpans = 2;
inline constexpr std::uint32_t kResourceAttributes = 1;
inline constexpr std::uint32_t kScopeSpansSpans = 2;
inline constexpr std::uint32_t kSpanAttributes = 9;
inline constexpr std::uint32_t kKeyValueKey = 1;
inline constexpr std::uint32_t kKeyValueValue = 2;
inline constexpr std::uint32_t kAnyValueString = 1;
inline constexpr std::uint32_t kAnyValueBool = 2;
inline constexpr std::uint32_t kAnyValueInt = 3;
inline constexpr std::uint32_t kAnyValueDouble = 4;
inline constexpr std::uint32_t kAnyValueArray = 5;
inline constexpr std::uint32_t kAnyValueMap = 6;
inline constexpr std::uint32_t kAnyValueBytes = 7;
}  // namespace otlp

}  // namespace clew::store
