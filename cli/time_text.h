// Durations and points in time as people type them.
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace clew::cli {

// "15m", "1h30m", "250ms", "1.5s", "2d": numbers with ns, us, ms, s, m, h, d or w, added up. Not
// negative, at most 100 years. kInvalid says what is accepted.
Result<std::chrono::nanoseconds> ParseDuration(std::string_view text);

// "now", "now-1h30m", "now+5m"; RFC 3339 with any offset, or a date alone (midnight UTC); an epoch
// number in seconds (also with a fraction), milliseconds, microseconds or nanoseconds, told apart
// by its size. From 1970 to 2200. kInvalid says what is accepted.
Result<UnixNanos> ParseTime(std::string_view text, UnixNanos now);

}  // namespace clew::cli
