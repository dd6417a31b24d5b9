// Durations as people type them.
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"

namespace clew {

// "15m", "1h30m", "250ms", "1.5s", "2d": numbers with ns, us, ms, s, m, h, d or w, added up. Not
// negative, at most 100 years. kInvalid says what is accepted.
Result<std::chrono::nanoseconds> ParseDuration(std::string_view text);

}  // namespace clew
