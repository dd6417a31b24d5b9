// The `traceparent` header. Source: W3C Trace Context level 2, section 3.2.
//
//   version "-" trace-id "-" parent-id "-" trace-flags
//   00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace clew::context {

inline constexpr std::uint8_t kFlagSampled = 0x01;
inline constexpr std::uint8_t kFlagRandom = 0x02;  // the trace id's last seven bytes are random
inline constexpr std::uint8_t kKnownFlags = kFlagSampled | kFlagRandom;
inline constexpr std::size_t kTraceparentSize = 55;

struct Traceparent {
  TraceId trace_id;        // valid
  SpanId parent_id;        // valid
  std::uint8_t flags = 0;  // kKnownFlags only: a bit that we do not know must not be forwarded
};

// One header's value, white space around it allowed. Nothing when it is invalid: the trace then
// starts anew. Several `traceparent` headers are invalid too; that is for the caller to see.
std::optional<Traceparent> ParseTraceparent(std::string_view value);

// Version 00, always kTraceparentSize characters.
std::string FormatTraceparent(const TraceId& trace_id, const SpanId& parent_id, std::uint8_t flags);

}  // namespace clew::context
