#include "cli/render/units.h"

#include <fmt/format.h>

#include <array>

namespace clew::cli {
namespace {

// Three significant digits, as far as there are so many.
std::string Significant(double value, const char* unit) {
  const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f}{}", value, decimals, unit);
}

struct Calendar {
  int year;
  unsigned month;
  unsigned day;
  std::int64_t hour, minute, second, nano;
};

Calendar ToCalendar(UnixNanos time) {
  // Unsigned, as on the wire: a hostile time may lie beyond what a signed count of nanoseconds
  // holds.
  constexpr std::uint64_t kDay = 86'400'000'000'000;
  const std::uint64_t nanos = ToUint64(time);
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days(static_cast<std::int64_t>(nanos / kDay))}};
  const std::chrono::hh_mm_ss clock{
      std::chrono::nanoseconds(static_cast<std::int64_t>(nanos % kDay))};
  return {static_cast<int>(date.year()),     static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), clock.hours().count(),
          clock.minutes().count(),           clock.seconds().count(),
          clock.subseconds().count()};
}

}  // namespace

std::string HumanDuration(std::uint64_t nanos) {
  constexpr std::uint64_t kMicro = 1'000, kMilli = 1'000'000, kSecond = 1'000'000'000;
  if (nanos == 0) return "0s";
  if (nanos < kMicro) return fmt::format("{}ns", nanos);
  // 999.6 us is "1.00ms", not "1000us": a value that would round up to 1000 belongs to the next
  // unit.
  if (nanos < kMilli - 500) return Significant(static_cast<double>(nanos) / 1e3, "us");
  if (nanos < kSecond - 500'000) return Significant(static_cast<double>(nanos) / 1e6, "ms");
  if (nanos < 60 * kSecond - 50'000'000) return Significant(static_cast<double>(nanos) / 1e9, "s");
  const std::uint64_t seconds = nanos / kSecond + (nanos % kSecond >= kSecond / 2 ? 1 : 0);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{}d{:02}h", seconds / 86400, seconds % 86400 / 3600);
}

std::string HumanBytes(std::uint64_t bytes) {
  constexpr std::array kUnits = {" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1023.5 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.{}f}{}", value, value < 9.95 ? 1 : 0, kUnits[unit]);
}

std::string HumanCount(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string Plural(std::uint64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string HumanAge(UnixNanos then, UnixNanos now) {
  using std::chrono::seconds;
  if (then > now + seconds(1)) return "in the future";
  const auto age = std::chrono::duration_cast<seconds>(now - then);
  if (age < seconds(1)) return "now";
  if (age < seconds(60)) return fmt::format("{}s ago", age.count());
  if (age < seconds(3600)) return fmt::format("{}m ago", age.count() / 60);
  if (age < seconds(86400)) return fmt::format("{}h ago", age.count() / 3600);
  return fmt::format("{}d ago", age.count() / 86400);
}

std::string HumanTime(UnixNanos time) {
  const Calendar c = ToCalendar(time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}Z", c.year, c.month, c.day, c.hour,
                     c.minute, c.second, c.nano / 1'000'000);
}

std::string Rfc3339(UnixNanos time) {
  const Calendar c = ToCalendar(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", c.year, c.month, c.day, c.hour,
                     c.minute, c.second, c.nano);
}

}  // namespace clew::cli
