// What a trace's summary needs of a span, wherever the span is.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "store/span_record.h"

namespace clew::store {

// Views the record or the segment that it was taken from.
struct SpanGlance {
  SpanId span_id;
  bool has_parent = false;
  std::uint8_t status_code = 0;  // OTLP's number
  UnixNanos start{};
  UnixNanos end{};
  std::string_view service;
  std::string_view name;
  std::uint64_t arrival = 0;  // sequence of the append that brought it
};

inline SpanGlance GlanceAt(const SpanRecord& span, std::uint64_t arrival = 0) {
  return {span.span_id, span.parent_id.valid(), span.status_code, span.start,
          span.end,     span.service,           span.name,        arrival};
}

}  // namespace clew::store
