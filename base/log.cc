#include "base/log.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace clew {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kInfo};
constexpr std::array<const char*, 4> kNames = {"DEBUG", "INFO", "WARN", "ERROR"};

// A value with anything but plain characters is quoted, so that one line stays one line.
void AppendValue(std::string& out, std::string_view value) {
  bool plain = !value.empty();
  for (const char c : value) plain = plain && c > ' ' && c != '"' && c != '\\' && c < 0x7f;
  if (plain) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      char hex[5];
      std::snprintf(hex, sizeof(hex), "\\x%02x", static_cast<unsigned char>(c));
      out += hex;
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

void SetLogLevel(LogLevel level) { g_level = level; }
bool LogEnabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

bool ParseLogLevel(std::string_view name, LogLevel& out) {
  constexpr std::array<std::string_view, 4> names = {"debug", "info", "warn", "error"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) {
      out = static_cast<LogLevel>(i);
      return true;
    }
  }
  return false;
}

bool LogSite::Admit(std::uint64_t& suppressed) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  std::int64_t seen = second_.load(std::memory_order_relaxed);
  if (seen != now.tv_sec && second_.compare_exchange_strong(seen, now.tv_sec)) in_second_ = 0;
  if (in_second_.fetch_add(1, std::memory_order_relaxed) >= kBurst) {
    ++suppressed_;
    return false;
  }
  suppressed = suppressed_.exchange(0);
  return true;
}

void LogLine(LogLevel level, LogSite& site, std::string_view message, std::initializer_list<LogField> fields) {
  std::uint64_t suppressed = 0;
  if (!site.Admit(suppressed)) return;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char stamp[40];
  const std::size_t n = std::strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(stamp + n, sizeof(stamp) - n, ".%03ldZ", now.tv_nsec / 1'000'000);
  std::string line = std::string(stamp) + " " + kNames[static_cast<std::size_t>(level)] + " ";
  line += message;
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    AppendValue(line, field.value);
  }
  if (suppressed > 0) line += " suppressed=" + std::to_string(suppressed);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);  // one write: lines of several threads do not mix
}

}  // namespace clew
