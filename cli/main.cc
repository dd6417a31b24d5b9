// tracectl: asks a collector for traces and draws them.
#include <cstdio>
#include <cstdlib>

#include "cli/commands/command.h"
#include "cli/flags.h"
#include "cli/options.h"
#include "cli/render/text.h"
#include "cli/terminal.h"

namespace clew::cli {
namespace {

std::optional<std::string> FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

// Each line of an error by itself: what it quotes was typed, and may hold anything.
void PrintErrors(const std::string& lines) {
  std::string_view rest = lines;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::fprintf(stderr, "tracectl: %s\n", Sanitize(rest.substr(0, end)).c_str());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

int Main(int argc, char** argv) {
  const auto parsed = ParseFlags(argc, argv);
  if (const Stop* stop = std::get_if<Stop>(&parsed)) {
    std::fputs(stop->text.c_str(), stop->exit_code == kOk ? stdout : stderr);
    return stop->exit_code;
  }
  const UnixNanos now = UnixClock::now();
  const auto options = MakeOptions(std::get<Flags>(parsed), FromEnvironment, now);
  if (!options) {
    PrintErrors(options.error().message);
    return ExitCodeOf(options.error().code);
  }
  const Terminal terminal = DetectTerminal(FromEnvironment);
  const auto client = MakeGrpcQueryClient(options->server, options->timeout);
  // A terminal gets everything at once: it may need a pager.
  std::string held;
  bool written = true;
  const auto write = [&](std::string_view text) {
    if (terminal.is_tty) {
      held += text;
      return true;
    }
    written = WriteOut(text);
    return written && std::ferror(stdout) == 0;
  };
  const Answer answer = Run({.options = *options,
                             .client = *client,
                             .style = ChooseStyle(*options, terminal, FromEnvironment),
                             .json = {.ascii = terminal.is_tty},
                             .now = now,
                             .write = write});
  held += answer.out;
  const bool paged = WantsPager(*options, terminal, held) && Page(options->pager, held);
  if (!paged && written) written = WriteOut(held);
  std::fputs(answer.err.c_str(), stderr);
  if (!written) {
    std::perror("tracectl: write to standard output");
    return kFailed;
  }
  return answer.exit_code;
}

}  // namespace
}  // namespace clew::cli

int main(int argc, char** argv) { return clew::cli::Main(argc, argv); }
