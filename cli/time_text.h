// Points in time as people type them; durations are base/duration.h's.
#pragma once

#include <chrono>
#include <string_view>

#include "base/duration.h"
#include "base/result.h"
#include "base/time.h"

namespace clew::cli {

// "now", "now-1h30m", "now+5m"; RFC 3339 with any offset, or a date alone (midnight UTC); an epoch
// number in seconds (also with a fraction), milliseconds, microseconds or nanoseconds, told apart
// by its size. From 1970 to 2200. kInvalid says what is accepted.
Result<UnixNanos> ParseTime(std::string_view text, UnixNanos now);

}  // namespace clew::cli
