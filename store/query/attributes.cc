#include "store/query/attributes.h"

#include <cstring>

#include "store/otlp_fields.h"
#include "store/wire_reader.h"

namespace clew::store {
namespace {

// A KeyValue. Singular fields merge: of a repeated one the last counts.
bool Visit(std::string_view key_value, const EachAttribute& each) {
  std::string_view key;
  ValueView value;
  for (WireReader field(key_value); field.Next();) {
    if (field.Is(otlp::kKeyValueKey, WireType::kBytes)) {
      key = field.Bytes();
    } else if (field.Is(otlp::kKeyValueValue, WireType::kBytes)) {
      value = ReadAnyValue(field.Bytes());
    } else {
      field.Skip();
    }
  }
  return each(key, value);
}

}  // namespace

ValueView ReadAnyValue(std::string_view any_value) {
  ValueView value;  // the last member of the oneof wins
  for (WireReader field(any_value); field.Next();) {
    if (field.Is(otlp::kAnyValueString, WireType::kBytes)) {
      value = ValueView::String(field.Bytes());
    } else if (field.Is(otlp::kAnyValueBool, WireType::kVarint)) {
      value = ValueView::Bool(field.Varint() != 0);
    } else if (field.Is(otlp::kAnyValueInt, WireType::kVarint)) {
      value = ValueView::Int(static_cast<std::int64_t>(field.Varint()));
    } else if (field.Is(otlp::kAnyValueDouble, WireType::kFixed64)) {
      const std::uint64_t bits = field.Fixed64();
      double real = 0;
      std::memcpy(&real, &bits, sizeof(real));
      value = ValueView::Double(real);
    } else {
      if (field.type() == WireType::kBytes && field.field() >= otlp::kAnyValueArray &&
          field.field() <= otlp::kAnyValueBytes) {
        value = ValueView{};
      }
      field.Skip();
    }
  }
  return value;
}

void ReadSpanAttributes(std::string_view span, const EachAttribute& each) {
  for (WireReader field(span); field.Next();) {
    if (!field.Is(otlp::kSpanAttributes, WireType::kBytes)) {
      field.Skip();
    } else if (!Visit(field.Bytes(), each)) {
      return;
    }
  }
}

void ReadResourceAttributes(std::string_view resource_spans, const EachAttribute& each) {
  for (WireReader outer(resource_spans); outer.Next();) {
    if (!outer.Is(otlp::kResourceSpansResource, WireType::kBytes)) {
      outer.Skip();
      continue;
    }
    for (WireReader field(outer.Bytes()); field.Next();) {
      if (!field.Is(otlp::kResourceAttributes, WireType::kBytes)) {
        field.Skip();
      } else if (!Visit(field.Bytes(), each)) {
        return;
      }
    }
  }
}

}  // namespace clew::store
