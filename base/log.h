// Log lines on stderr: time, level, message, key=value pairs.
//
//   ERROR  a human must act          WARN   degraded, working on
//   INFO   lifecycle                 DEBUG  one connection or request
//
// Never a payload, never a credential. Each call site logs at most `kBurst` lines a second; what it held back is
// said with its next line.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace clew {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

struct LogField {
  std::string_view key;
  std::string value;
};

// Threshold for the process; default kInfo.
void SetLogLevel(LogLevel level);
// "debug", "info", "warn" or "error"; false when it is none of them.
bool ParseLogLevel(std::string_view name, LogLevel& out);

// Rate limit of one call site.
class LogSite {
 public:
  static constexpr int kBurst = 10;
  // True when this line may be written; `suppressed` tells how many were not since the last one.
  bool Admit(std::uint64_t& suppressed);

 private:
  std::atomic<std::int64_t> second_{0};
  std::atomic<int> in_second_{0};
  std::atomic<std::uint64_t> suppressed_{0};
};

bool LogEnabled(LogLevel level);
void LogLine(LogLevel level, LogSite& site, std::string_view message, std::initializer_list<LogField> fields);

}  // namespace clew

#define CLEW_LOG(level, message, ...)                                                  \
  do {                                                                                 \
    if (::clew::LogEnabled(level)) {                                                   \
      static ::clew::LogSite clew_log_site;                                            \
      ::clew::LogLine(level, clew_log_site, message, {__VA_ARGS__});                   \
    }                                                                                  \
  } while (false)
#define LOG_DEBUG(message, ...) CLEW_LOG(::clew::LogLevel::kDebug, message, ##__VA_ARGS__)
#define LOG_INFO(message, ...) CLEW_LOG(::clew::LogLevel::kInfo, message, ##__VA_ARGS__)
#define LOG_WARN(message, ...) CLEW_LOG(::clew::LogLevel::kWarn, message, ##__VA_ARGS__)
#define LOG_ERROR(message, ...) CLEW_LOG(::clew::LogLevel::kError, message, ##__VA_ARGS__)
