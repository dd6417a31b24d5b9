// One validated span on its way into the store or out of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace clew::store {

// The three byte strings are the OTLP messages as they came, so that nothing that a client sent is
// lost; the fields beside them are what the store indexes.
struct SpanRecord {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_id;  // invalid: root
  std::string service;
  std::string name;
  std::uint8_t kind = 0;         // OTLP's numbers
  std::uint8_t status_code = 0;  // OTLP's numbers
  UnixNanos start{};
  UnixNanos end{};
  std::shared_ptr<const std::string>
      resource;  // serialized Resource + schema_url: a ResourceSpans without scope_spans
  std::shared_ptr<const std::string>
      scope;         // serialized InstrumentationScope + schema_url: a ScopeSpans without spans
  std::string span;  // serialized Span
};
using SpanBatch = std::vector<SpanRecord>;

}  // namespace clew::store
