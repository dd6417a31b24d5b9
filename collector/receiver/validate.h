// Decides whether a span, or the resource or scope that it came with, may be stored.
//
// All of them throw a protozero::exception on bytes that are not a protobuf message at all; then
// the whole request is malformed, not a single span.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "collector/receiver/reject_reason.h"
#include "store/otlp_fields.h"

namespace clew::receiver {

// Bounds of what a sender may ask us to keep; far above what OpenTelemetry's SDKs send (128
// attributes).
inline constexpr std::size_t kMaxSpanBytes = 1 << 20;
inline constexpr std::size_t kMaxContextBytes = 256 << 10;  // of a resource or scope
inline constexpr std::size_t kMaxNameBytes = 16 << 10;
inline constexpr int kMaxAttributes = 1024;  // of a span, event, link, resource or scope
inline constexpr int kMaxEvents = 4096;
inline constexpr int kMaxLinks = 4096;
inline constexpr int kMaxDepth = 16;                // of arrays and maps in an attribute value
inline constexpr std::chrono::hours kMaxAhead{24};  // clocks of senders differ

// A serialized Span and what store::ReadSpanFields reads of it. Nothing: it may be stored.
std::optional<RejectReason> ValidateSpan(std::string_view span, const store::SpanFields& fields,
                                         UnixNanos now);

// A serialized ResourceSpans without scope_spans, or ScopeSpans without spans: their attributes,
// names, schema URLs.
bool ResourceIsValid(std::string_view resource_spans);
bool ScopeIsValid(std::string_view scope_spans);

}  // namespace clew::receiver
