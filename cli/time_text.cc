#include "cli/time_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "base/duration.h"

namespace clew::cli {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t kMaxUnixSeconds =
    7'258'118'400;  // 2200-01-01; nanoseconds of it fit an int64

Error BadTime(std::string_view text) {
  return {Code::kInvalid, "'" + std::string(text) +
                              "' is no time: write it like now-1h, 2025-11-23T06:33:00Z, "
                              "2025-11-23 or as an epoch number"};
}

// Exactly `digits` digits at the head of `text`, which is shortened by them.
std::optional<int> TakeDigits(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}
bool TakeChar(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// ".123" and so on: nanoseconds; zero when there is no point.
std::optional<nanoseconds> TakeFraction(std::string_view& text) {
  if (!TakeChar(text, ".")) return nanoseconds(0);
  std::int64_t nanos = 0, scale = 100'000'000;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9';
       ++digits, scale /= 10) {
    nanos += (text[digits] - '0') * scale;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return nanoseconds(nanos);
}

// "Z", "+02:00", "-0530": what is to be taken off to get UTC.
std::optional<std::chrono::minutes> TakeOffset(std::string_view& text) {
  if (TakeChar(text, "zZ")) return std::chrono::minutes(0);
  const bool minus = text.starts_with('-');
  if (!TakeChar(text, "+-")) return std::nullopt;
  const auto hours = TakeDigits(text, 2);
  TakeChar(text, ":");
  const auto minutes = TakeDigits(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return minus ? -offset : offset;
}

// RFC 3339, with a blank for the T as well; or the date alone.
std::optional<nanoseconds> ParseRfc3339(std::string_view text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !TakeChar(text, "-")) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !TakeChar(text, "-")) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1970 || *year >= 2200) return std::nullopt;
  nanoseconds time = std::chrono::sys_days(date).time_since_epoch();
  if (text.empty()) return time;
  if (!TakeChar(text, "Tt ")) return std::nullopt;
  const auto hour = TakeDigits(text, 2);
  if (!hour || !TakeChar(text, ":")) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || !TakeChar(text, ":")) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  const auto fraction = TakeFraction(text);
  const auto offset = TakeOffset(text);
  if (!second || !fraction || !offset || !text.empty()) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;  // 60: a leap second
  time += std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
          std::chrono::seconds(*second) + *fraction;
  return time - *offset;
}

// Seconds below 1e11 (the year 5138), then milliseconds, microseconds, nanoseconds: their ranges
// since 1973 do not overlap.
std::optional<nanoseconds> ParseEpoch(std::string_view text) {
  const std::string_view whole = text.substr(0, text.find('.'));
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (whole.empty() || error != std::errc{} || end != whole.data() + whole.size() || value < 0)
    return std::nullopt;
  text.remove_prefix(whole.size());
  const auto fraction = TakeFraction(text);
  if (!fraction || !text.empty()) return std::nullopt;
  if (value < 100'000'000'000) {
    if (value > kMaxUnixSeconds) return std::nullopt;
    return std::chrono::seconds(value) + *fraction;
  }
  if (fraction->count() != 0) return std::nullopt;
  if (value < 100'000'000'000'000) {
    if (value > kMaxUnixSeconds * 1000) return std::nullopt;
    return std::chrono::milliseconds(value);
  }
  if (value < 100'000'000'000'000'000) {
    if (value > kMaxUnixSeconds * 1'000'000) return std::nullopt;
    return std::chrono::microseconds(value);
  }
  return nanoseconds(value);
}

}  // namespace

Result<UnixNanos> ParseTime(std::string_view text, UnixNanos now) {
  if (text == "now") return now;
  if (text.starts_with("now-") || text.starts_with("now+")) {
    const auto offset = ParseDuration(text.substr(4));
    if (!offset) return offset.error();
    return text[3] == '-' ? now - *offset : now + *offset;
  }
  auto time = ParseRfc3339(text);
  if (!time) time = ParseEpoch(text);
  if (!time) return BadTime(text);
  return UnixNanos(*time);
}

}  // namespace clew::cli
