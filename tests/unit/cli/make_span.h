// Spans for tests, in a line each.
#pragma once

#include <string>

#include "cli/render/span_view.h"

namespace clew::cli {

inline SpanId IdOf(std::uint8_t number) {
  SpanId id;
  id.bytes.back() = number;
  return id;
}

// Times in milliseconds after 2025-11-23 06:33:00 UTC; parent 0: a root.
inline SpanView MakeSpan(std::uint8_t id, std::uint8_t parent, std::string service,
                         std::string name, SpanKind kind, double start_ms, double end_ms) {
  constexpr std::uint64_t kOrigin = 1'763'879'580'000'000'000;
  SpanView span;
  span.trace_id = *TraceId::FromHex("4bf92f3577b34da6a3ce929d0e0e4736");
  span.span_id = IdOf(id);
  span.parent_id = IdOf(parent);
  span.service = std::move(service);
  span.name = std::move(name);
  span.kind = kind;
  span.start = kOrigin + static_cast<std::uint64_t>(start_ms * 1e6);
  span.end = kOrigin + static_cast<std::uint64_t>(end_ms * 1e6);
  return span;
}

}  // namespace clew::cli
