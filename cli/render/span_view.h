// What the renderers need of a span, taken out of OTLP once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"

namespace opentelemetry::proto::trace::v1 {
class ResourceSpans;
class Span;
class TracesData;
}  // namespace opentelemetry::proto::trace::v1

namespace clew::cli {

enum class SpanKind : std::uint8_t {
  kUnspecified,
  kInternal,
  kServer,
  kClient,
  kProducer,
  kConsumer
};  // OTLP's

// Texts are as they came: Sanitize them before they reach a terminal.
struct SpanView {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_id;  // invalid: root
  std::string service;
  std::string name;
  SpanKind kind = SpanKind::kUnspecified;
  bool error = false;
  std::string status;  // of an error, short: the HTTP or gRPC status code, else error.type, else
                       // the message
  std::string peer;    // server.address[:port] of a client span
  bool joined = false;      // a server span whose caller was found without a header
  std::uint64_t start = 0;  // Unix nanoseconds
  std::uint64_t end = 0;    // never before start: a span that ends before it begins has no duration
  // Where it stands in the message that it was taken from; null in tests that need no more than the
  // fields above.
  const opentelemetry::proto::trace::v1::Span* source = nullptr;
  const opentelemetry::proto::trace::v1::ResourceSpans* resource = nullptr;

  std::uint64_t duration() const { return end - start; }
};

// Every span with a valid span id, in the order of the message, which must outlive the result.
std::vector<SpanView> ViewSpans(const opentelemetry::proto::trace::v1::TracesData& traces);

// "server", "client", ...; "unspecified" for a number that OTLP does not define.
const char* KindName(SpanKind kind);

}  // namespace clew::cli
