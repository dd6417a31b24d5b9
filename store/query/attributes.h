// The attributes of OTLP messages, read in place: key and value of each, without copying and
// without generated code.
//
// Nothing is checked but the wire format; malformed bytes throw a protozero::exception.
#pragma once

#include <functional>
#include <string_view>

#include "store/query/value.h"

namespace clew::store {

// Called with each attribute in the order of the message; false ends the reading.
using EachAttribute = std::function<bool(std::string_view key, const ValueView& value)>;

// Field 9 of a serialized Span.
void ReadSpanAttributes(std::string_view span, const EachAttribute& each);
// Field 1 of the Resource of a serialized ResourceSpans.
void ReadResourceAttributes(std::string_view resource_spans, const EachAttribute& each);
// A serialized AnyValue.
ValueView ReadAnyValue(std::string_view any_value);

}  // namespace clew::store
