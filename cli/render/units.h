// Numbers as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace clew::cli {

// Three significant digits and a unit: "0s", "870ns", "14.2ms", "212ms", "1.50s", "2m05s", "3h07m",
// "4d02h".
std::string HumanDuration(std::uint64_t nanos);
// "0 B", "873 B", "1.4 KiB", "73 MiB".
std::string HumanBytes(std::uint64_t bytes);
// Thousands separated by commas: "1,204,551".
std::string HumanCount(std::uint64_t count);
// "1 span", "9 spans"; `noun` takes an s.
std::string Plural(std::uint64_t count, const char* noun);
// "12s ago", "3m ago", "now"; "in the future" when the other side's clock is ahead by more than a
// second.
std::string HumanAge(UnixNanos then, UnixNanos now);
// "2025-11-23 06:33:00.123Z": UTC, marked.
std::string HumanTime(UnixNanos time);
// RFC 3339 with all nanoseconds: "2025-11-23T06:33:00.123456789Z".
std::string Rfc3339(UnixNanos time);

}  // namespace clew::cli
