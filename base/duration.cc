#include "base/duration.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

namespace clew {
namespace {

using std::chrono::nanoseconds;

constexpr double kMaxDurationNanos = 100.0 * 366 * 86400 * 1e9;

Error BadDuration(std::string_view text) {
  return {Code::kInvalid,
          "'" + std::string(text) + "' is no duration: write it like 250ms, 15m, 1h30m or 2d"};
}

// A decimal number at the head of `text`, which is shortened by it. No sign, no exponent, no
// hexadecimal.
std::optional<double> TakeNumber(std::string_view& text) {
  const std::size_t length = std::min(text.find_first_not_of("0123456789."), text.size());
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + length, value, std::chars_format::fixed);
  if (length == 0 || error != std::errc{} || end != text.data() + length) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

struct Unit {
  std::string_view name;
  double nanos;
};

// Nanoseconds of the unit at the head of `text`, which is shortened by it.
std::optional<double> TakeUnit(std::string_view& text) {
  constexpr std::array kUnits = {Unit{"ns", 1},     Unit{"us", 1e3},    Unit{"µs", 1e3},
                                 Unit{"ms", 1e6},   Unit{"s", 1e9},     Unit{"m", 60e9},
                                 Unit{"h", 3600e9}, Unit{"d", 86400e9}, Unit{"w", 604800e9}};
  for (const Unit& unit : kUnits) {  // "ms" before "m"
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.nanos;
  }
  return std::nullopt;
}

}  // namespace

Result<nanoseconds> ParseDuration(std::string_view text) {
  std::string_view rest = text;
  double total = 0;
  do {
    const auto number = TakeNumber(rest);
    const auto unit = number ? TakeUnit(rest) : std::nullopt;
    if (!unit) return BadDuration(text);
    total += *number * *unit;
  } while (!rest.empty());
  if (!(total <= kMaxDurationNanos))
    return Error{Code::kInvalid, "'" + std::string(text) + "' is over 100 years"};
  return nanoseconds(std::llround(total));
}

}  // namespace clew
