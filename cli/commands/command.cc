#include "cli/commands/command.h"

#include "cli/render/text.h"

namespace clew::cli {

Answer Run(const Context& context) {
  switch (context.options.command) {
    case Command::kTrace:
      return RunTrace(context);
    case Command::kExplain:
      return RunExplain(context);
    case Command::kTraces:
      return RunTraces(context);
    case Command::kServices:
      return RunServices(context);
    case Command::kOperations:
      return RunOperations(context);
    case Command::kKeys:
      return RunKeys(context);
    case Command::kDependencies:
      return RunDependencies(context);
    case Command::kStatus:
      return RunStatus(context);
    case Command::kVersion:
      return RunVersion(context);
  }
  return {.exit_code = kFailed};
}

Answer Failure(const Context& context, const Error& error) {
  // The reason comes from the other side, or quotes it.
  const std::string reason = Sanitize(error.message, context.style.ascii);
  const std::string& server = context.options.server;
  Answer answer{.exit_code = ExitCodeOf(error.code)};
  if (error.code == Code::kUnavailable) {
    answer.err = "tracectl: no answer from a collector at " + server + ": " + reason +
                 "\n"
                 "Is clew-collector running there (systemctl status clew-collector), and is this "
                 "its --query-listen address?\n"
                 "Name another with --server HOST:PORT or TRACECTL_SERVER.\n";
  } else if (error.code == Code::kUnsupported) {
    answer.err =
        "tracectl: the server at " + server + " has no such query: " + reason +
        "\nIs this the query address of a clew-collector, of about this version (" CLEW_VERSION
        ")?\n";
  } else {
    answer.err = "tracectl: " + reason + "\n";
  }
  return answer;
}

Answer CutShort(const Context& context, const Error& error, std::string out) {
  Answer answer = Failure(context, error);
  answer.exit_code = kPartial;
  answer.out = std::move(out);
  answer.err += "tracectl: this is only the part that came before.\n";
  return answer;
}

std::optional<JsonOptions> ListJson(const Context& context) {
  const Format format = context.options.format;
  if (format != Format::kJson && format != Format::kJsonLines) return std::nullopt;
  return JsonOptions{.ascii = context.json.ascii, .pretty = format == Format::kJson};
}

void NoteTruncated(const Context& context, Answer& answer, bool truncated) {
  if (truncated) Note(context, answer, "There are more than the collector keeps.");
}

void Note(const Context& context, Answer& answer, const std::string& text) {
  if (!context.options.quiet) answer.err += text + "\n";
}

}  // namespace clew::cli
