// A span as the agent exports it: OpenTelemetry's model, with real ids and wall-clock times.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace clew::span {

using AttributeValue = std::variant<std::string, std::int64_t, double, bool>;
using Attribute = std::pair<std::string, AttributeValue>;
// A span's attribute. All their keys are literals of this program.
using SpanAttribute = std::pair<std::string_view, AttributeValue>;

// Who emitted the spans: one per process, shared by its spans.
struct Resource {
  std::vector<Attribute> attributes;  // service.name first
  std::string service_name;
};

enum class Kind : std::uint8_t { kServer = 2, kClient = 3 };  // OTLP's numbers
enum class StatusCode : std::uint8_t { kUnset = 0, kOk = 1, kError = 2 };

struct Span {
  std::shared_ptr<const Resource> resource;  // shared: thousands of queued spans have the same one
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_id;  // invalid: root
  bool parent_is_remote = false;
  std::uint8_t trace_flags = 0;
  std::string trace_state;
  std::string name;
  Kind kind = Kind::kServer;
  UnixNanos start{};
  UnixNanos end{};
  std::vector<SpanAttribute> attributes;
  StatusCode status = StatusCode::kUnset;
};

}  // namespace clew::span
