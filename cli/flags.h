// The command line as it was typed. CLI11 is behind this header and in one file only: it costs
// seconds of compile time.
#pragma once

#include <optional>
#include <string>
#include <variant>

namespace clew::cli {

enum class Command { kTrace, kTraces, kServices, kStatus, kVersion };

// What may be set by flag, environment and file alike, not yet checked.
struct Preferences {
  std::optional<std::string> server;
  std::optional<std::string> timeout;
  std::optional<std::string> color;
  std::optional<std::string> output;
  std::optional<std::string> pager;
};

struct Flags {
  Command command = Command::kVersion;
  Preferences preferences;
  std::optional<std::string> config;
  bool quiet = false;
  bool ascii = false;
  bool no_pager = false;
  // trace
  std::string trace_id;
  bool all_spans = false;
  // traces
  std::string service;
  std::string operation;
  std::optional<std::string> since, from, to, min_duration, max_duration;
  bool errors = false;
  std::uint32_t limit = 20;
};

// The parser's own end of the program: help, or a wrong command line.
struct Stop {
  int exit_code = 0;
  std::string text;  // for stdout when exit_code is 0, else for stderr
};

std::variant<Flags, Stop> ParseFlags(int argc, const char* const* argv);

}  // namespace clew::cli
