// Why the receiver refuses a span. Each reason is counted and named to the sender.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clew::receiver {

enum class RejectReason : std::uint8_t {
  kTraceId,
  kSpanId,
  kParentId,
  kStartMissing,
  kEndMissing,
  kEndBeforeStart,
  kInFuture,
  kKind,
  kStatus,
  kUtf8,
  kTooLarge,
  kTooMany,
  kTooDeep,
  kResource,
};
inline constexpr std::size_t kRejectReasons = 14;

struct RejectReasonText {
  std::string_view label;    // for metrics
  std::string_view message;  // for people
};
inline constexpr std::array<RejectReasonText, kRejectReasons> kRejectReasonTexts = {{
    {"trace_id", "trace_id is not 16 bytes with one of them set"},
    {"span_id", "span_id is not 8 bytes with one of them set"},
    {"parent_id", "parent_span_id is neither empty nor 8 bytes with one of them set"},
    {"start_missing", "start_time_unix_nano is zero"},
    {"end_missing", "end_time_unix_nano is zero"},
    {"end_before_start", "end_time_unix_nano is before start_time_unix_nano"},
    {"in_future", "the span ends more than a day from now"},
    {"kind", "kind is not one of 0 to 5"},
    {"status", "status.code is not one of 0 to 2"},
    {"utf8", "a string is not valid UTF-8"},
    {"too_large", "the span or its name is too large"},
    {"too_many", "too many attributes, events or links"},
    {"too_deep", "attribute values are nested too deeply"},
    {"resource", "its resource or scope is too large, too deep or not valid UTF-8"},
}};
constexpr const RejectReasonText& TextOf(RejectReason reason) {
  return kRejectReasonTexts[static_cast<std::size_t>(reason)];
}

}  // namespace clew::receiver
