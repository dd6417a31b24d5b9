#include "agent/context/traceparent.h"

#include "agent/context/text.h"
#include "base/hex.h"

namespace clew::context {
namespace {

// `two` is hex.
std::uint8_t HexByte(std::string_view two) {
  return static_cast<std::uint8_t>(HexDigit(two[0]) << 4 | HexDigit(two[1]));
}

}  // namespace

std::optional<Traceparent> ParseTraceparent(std::string_view value) {
  value = TrimOws(value);
  if (value.size() < kTraceparentSize) return std::nullopt;
  const std::string_view version = value.substr(0, 2), trace = value.substr(3, 32),
                         parent = value.substr(36, 16), flags = value.substr(53, 2);
  if (value[2] != '-' || value[35] != '-' || value[52] != '-') return std::nullopt;
  // Upper case is refused although it could be read: every participant must see the same bytes as
  // invalid.
  if (!IsLowerHex(version) || !IsLowerHex(trace) || !IsLowerHex(parent) || !IsLowerHex(flags)) {
    return std::nullopt;
  }
  if (version == "ff") return std::nullopt;
  if (value.size() > kTraceparentSize && (version == "00" || value[kTraceparentSize] != '-')) {
    return std::nullopt;
  }
  const Traceparent parsed{.trace_id = *TraceId::FromHex(trace),
                           .parent_id = *SpanId::FromHex(parent),
                           .flags = static_cast<std::uint8_t>(HexByte(flags) & kKnownFlags)};
  if (!parsed.trace_id.valid() || !parsed.parent_id.valid()) return std::nullopt;
  return parsed;
}

std::string FormatTraceparent(const TraceId& trace_id, const SpanId& parent_id,
                              std::uint8_t flags) {
  static constexpr char kFlagDigits[] = "0123";
  std::string value;
  value.reserve(kTraceparentSize);
  value += "00-";
  value += trace_id.ToHex();
  value += '-';
  value += parent_id.ToHex();
  value += "-0";
  value += kFlagDigits[flags & kKnownFlags];
  return value;
}

}  // namespace clew::context
