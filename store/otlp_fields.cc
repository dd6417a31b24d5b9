#include "store/otlp_fields.h"

#include "store/query/attributes.h"
#include "store/wire_reader.h"

namespace clew::store {
namespace {

constexpr std::string_view kServiceName = "service.name";
constexpr std::string_view kNoService = "unknown_service";

// Enums are open in proto3: a varint of any size, of which an int32 is kept.
std::int32_t Enum(std::uint64_t varint) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(varint));
}

// The value if this attribute is service.name, else empty.
std::string_view ServiceOf(std::string_view key_value) {
  std::string_view key;
  std::string_view value;
  for (WireReader field(key_value); field.Next();) {
    if (field.Is(otlp::kKeyValueKey, WireType::kBytes)) {
      key = field.Bytes();
    } else if (field.Is(otlp::kKeyValueValue, WireType::kBytes)) {
      value = ReadAnyValue(field.Bytes()).string;  // empty for another type
    } else {
      field.Skip();
    }
  }
  return key == kServiceName ? value : std::string_view{};
}

void MergeStatus(std::string_view status, std::int32_t& code) {
  for (WireReader field(status); field.Next();) {
    if (field.Is(3, WireType::kVarint)) {
      code = Enum(field.Varint());
    } else {
      field.Skip();
    }
  }
}

}  // namespace

SpanFields ReadSpanFields(std::string_view span) {
  SpanFields out;
  for (WireReader field(span); field.Next();) {
    if (field.Is(1, WireType::kBytes)) {
      out.trace_id = field.Bytes();
    } else if (field.Is(2, WireType::kBytes)) {
      out.span_id = field.Bytes();
    } else if (field.Is(3, WireType::kBytes)) {
      out.trace_state = field.Bytes();
    } else if (field.Is(4, WireType::kBytes)) {
      out.parent_span_id = field.Bytes();
    } else if (field.Is(5, WireType::kBytes)) {
      out.name = field.Bytes();
    } else if (field.Is(6, WireType::kVarint)) {
      out.kind = Enum(field.Varint());
    } else if (field.Is(7, WireType::kFixed64)) {
      out.start_unix_nano = field.Fixed64();
    } else if (field.Is(8, WireType::kFixed64)) {
      out.end_unix_nano = field.Fixed64();
    } else if (field.Is(15, WireType::kBytes)) {
      MergeStatus(field.Bytes(), out.status_code);
    } else {
      field.Skip();
    }
  }
  return out;
}

std::string_view ReadServiceName(std::string_view resource_spans) {
  std::string_view service;
  for (WireReader outer(resource_spans); outer.Next();) {
    if (!outer.Is(otlp::kResourceSpansResource, WireType::kBytes)) {
      outer.Skip();
      continue;
    }
    for (WireReader field(outer.Bytes()); field.Next();) {
      if (field.Is(1, WireType::kBytes)) {
        const std::string_view found = ServiceOf(field.Bytes());
        if (service.empty()) service = found;
      } else {
        field.Skip();
      }
    }
  }
  return service.empty() ? kNoService : service;
}

}  // namespace clew::store
