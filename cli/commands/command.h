// What every command gets and gives. A command asks the client, draws, and writes nothing itself.
#pragma once

#include <string>

#include "base/time.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/query_client.h"
#include "cli/render/json_output.h"
#include "cli/render/style.h"

namespace clew::cli {

struct Context {
  const Options& options;
  QueryClient& client;
  Style style;       // of standard output
  JsonOptions json;  // ascii when standard output is a terminal
  UnixNanos now;
};

struct Answer {
  int exit_code = kOk;
  std::string out;  // for standard output
  std::string err;  // for standard error: whole lines
};

Answer RunTrace(const Context& context);
Answer RunTraces(const Context& context);
Answer RunServices(const Context& context);
Answer RunStatus(const Context& context);
Answer RunVersion(const Context& context);
// The one that context.options names.
Answer Run(const Context& context);

// A failed query in words: what to do about a server that is not there, else what the server said.
Answer Failure(const Context& context, const Error& error);
// A query that failed after some of its answer had come: that is printed, the rest is said to be
// missing.
Answer CutShort(const Context& context, const Error& error, std::string out);
// A remark on standard error; nothing with --quiet.
void Note(const Context& context, Answer& answer, const std::string& text);

}  // namespace clew::cli
