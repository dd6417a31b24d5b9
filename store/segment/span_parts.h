// A serialized OTLP span taken apart into what the columns of a segment hold, and put together
// again.
//
// Putting together writes fields in the order of their numbers, as every common encoder does. A
// span that was serialized in another way does not come back byte by byte: the segment's encoder
// compares, and keeps such a span by its bytes beside the columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/segment/layout.h"

namespace clew::store {

// Views the span that it was read from.
struct AttributePart {
  std::string_view key;
  ColumnType type = ColumnType::kMissing;
  std::string_view text;     // kString; kCompound: the AnyValue
  std::uint64_t number = 0;  // kBool, kInt, kDouble (bits)
};

struct SpanParts {
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view parent_id;    // empty: absent
  std::string_view trace_state;  // field 3 with its tag; empty: absent
  std::string_view name;
  std::uint64_t kind = 0;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::vector<AttributePart> attributes;
  std::string_view middle;  // fields 10 to 14 with their tags, as they came
  std::string_view status;  // field 15 with its tag
  std::string_view tail;    // what has a number from 16 on, as it came
};

// Of repeated singular fields the last one counts, as in protobuf. The pieces kept with their tags
// must lie together; those that do not are lost here, which the comparison finds. Throws a
// protozero::exception on malformed bytes. `out` is overwritten, its memory used again.
void ReadSpanParts(std::string_view span, SpanParts& out);

// Appends the serialized span.
void AppendSpan(const SpanParts& parts, std::string& out);

}  // namespace clew::store
