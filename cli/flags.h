// The command line as it was typed. CLI11 is behind this header and in one file only: it costs
// seconds of compile time.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace clew::cli {

enum class Command {
  kTrace,
  kExplain,
  kTraces,
  kServices,
  kOperations,
  kKeys,
  kDependencies,
  kStatus,
  kVersion
};

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
  // explain
  std::string span;  // [TRACE_ID:]SPAN_ID
  // traces
  std::vector<std::string> query;  // words of the expression
  std::string operation;
  std::optional<std::string> min_duration, max_duration;
  bool errors = false;
  std::string order = "newest";
  std::uint32_t limit = 20;
  std::string page;
  bool all = false;
  // traces, operations
  std::string service;
  // traces, dependencies
  std::optional<std::string> since, from, to;
};

// The parser's own end of the program: help, or a wrong command line.
struct Stop {
  int exit_code = 0;
  std::string text;  // for stdout when exit_code is 0, else for stderr
};

std::variant<Flags, Stop> ParseFlags(int argc, const char* const* argv);

}  // namespace clew::cli
