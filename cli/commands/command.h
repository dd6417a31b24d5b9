// What every command gets and gives. A command asks the client, draws, and writes nothing itself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

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
  // Writes to standard output, before Answer::out, what is too large to be held. False: nobody
  // reads it any more.
  std::function<bool(std::string_view)> write;
};

struct Answer {
  int exit_code = kOk;
  std::string out;  // for standard output
  std::string err;  // for standard error: whole lines
};

Answer RunTrace(const Context& context);
Answer RunExplain(const Context& context);
Answer RunTraces(const Context& context);
Answer RunServices(const Context& context);
Answer RunOperations(const Context& context);
Answer RunKeys(const Context& context);
Answer RunDependencies(const Context& context);
Answer RunStatus(const Context& context);
Answer RunVersion(const Context& context);
// The one that context.options names.
Answer Run(const Context& context);

// A failed query in words: what to do about a server that is not there, else what the server said.
Answer Failure(const Context& context, const Error& error);
// The format of a list is JSON; how it is written then.
std::optional<JsonOptions> ListJson(const Context& context);
// A query that failed after some of its answer had come: that is printed, the rest is said to be
// missing.
Answer CutShort(const Context& context, const Error& error, std::string out);
// What a list that the server keeps within bounds is followed by when it has left something out.
void NoteTruncated(const Context& context, Answer& answer, bool truncated);
// A remark on standard error; nothing with --quiet.
void Note(const Context& context, Answer& answer, const std::string& text);

}  // namespace clew::cli
