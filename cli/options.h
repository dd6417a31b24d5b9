// What tracectl was asked to do, all layers merged and checked.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "cli/flags.h"

namespace clew::cli {

inline constexpr char kDefaultServer[] = "127.0.0.1:7317";

enum class Format { kTable, kWide, kJson, kJsonLines, kOtlp, kName };
enum class ColourMode { kAuto, kAlways, kNever };

enum class Order { kNewest, kSlowest };

// Of `tracectl traces`; `dependencies` has the times only.
struct TraceFilter {
  std::string query;  // conditions, as the server reads them
  std::string service;
  std::string operation;
  std::optional<UnixNanos> from;
  std::optional<UnixNanos> to;
  std::chrono::nanoseconds min_duration{0};  // zero: no bound
  std::chrono::nanoseconds max_duration{0};  // zero: no bound
  bool errors = false;
  Order order = Order::kNewest;
  std::uint32_t limit = 20;
  std::string page;  // cursor; empty: the first
  bool all = false;  // from there on all pages
};

struct Options {
  Command command = Command::kVersion;
  std::string server = kDefaultServer;  // HOST:PORT or unix:PATH
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);
  ColourMode colour = ColourMode::kAuto;
  Format format = Format::kTable;
  std::string pager;  // shell command; empty: none
  bool quiet = false;
  bool ascii = false;
  std::string trace_id;    // `trace`: 8 to 32 lower-case hex digits; `explain`: or empty
  SpanId span_id;          // `explain`
  bool all_spans = false;  // `trace`
  std::string service;     // `operations`
  TraceFilter filter;      // `traces`, `dependencies`, `explain`
};

// The value of an environment variable; nothing when it is unset or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;

// Flag > TRACECTL_* > configuration file > default. Every error is reported at once, a line each,
// naming the flag, variable or file that the value came from. kInvalid: the command line is to be
// mended.
Result<Options> MakeOptions(const Flags& flags, const Environment& environment, UnixNanos now);

}  // namespace clew::cli
