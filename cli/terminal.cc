#include "cli/terminal.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace clew::cli {

Terminal DetectTerminal(const Environment& environment) {
  Terminal terminal;
  terminal.is_tty = isatty(STDOUT_FILENO) == 1;
  const std::string term = environment("TERM").value_or("dumb");
  terminal.dumb = term == "dumb";
  std::setlocale(LC_CTYPE, "");
  terminal.utf8 = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  winsize size{};
  if (terminal.is_tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    terminal.columns = size.ws_col;
    terminal.rows = size.ws_row;
  }
  if (const auto columns = environment("COLUMNS"); columns && terminal.columns == 0) {
    int value = 0;
    const char* end = columns->data() + columns->size();
    const auto parsed = std::from_chars(columns->data(), end, value);
    if (parsed.ec == std::errc{} && parsed.ptr == end && value > 0)
      terminal.columns = std::min(value, 10'000);
  }
  return terminal;
}

Style ChooseStyle(const Options& options, const Terminal& terminal,
                  const Environment& environment) {
  Style style;
  const bool machine = options.format != Format::kTable && options.format != Format::kWide;
  const bool able = terminal.is_tty && !terminal.dumb && !environment("NO_COLOR");
  style.colour = !machine && (options.colour == ColourMode::kAlways ||
                              (options.colour == ColourMode::kAuto && able));
  style.ascii = options.ascii || !terminal.utf8;
  if (terminal.columns > 0) style.width = terminal.columns;
  return style;
}

bool WantsPager(const Options& options, const Terminal& terminal, const std::string& text) {
  if (options.pager.empty() || !terminal.is_tty || terminal.dumb || terminal.rows == 0)
    return false;
  return std::count(text.begin(), text.end(), '\n') >= terminal.rows;
}

bool WriteOut(std::string_view text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written || errno == EPIPE;
}

bool Page(const std::string& pager, const std::string& text) {
  setenv("LESS", "FRX", 0);
  setenv("LESSCHARSET", "utf-8", 0);
  // The pager may be left before it has read all; Ctrl-C is for the pager while it runs.
  const auto old_pipe = std::signal(SIGPIPE, SIG_IGN);
  const auto old_interrupt = std::signal(SIGINT, SIG_IGN);
  std::FILE* pipe = popen(pager.c_str(), "w");
  int status = -1;
  if (pipe != nullptr) {
    std::fwrite(text.data(), 1, text.size(), pipe);
    status = pclose(pipe);
  }
  std::signal(SIGINT, old_interrupt);
  std::signal(SIGPIPE, old_pipe);
  constexpr int kShellFoundNothing = 127, kShellMayNotRunIt = 126;
  return pipe != nullptr && WIFEXITED(status) && WEXITSTATUS(status) != kShellFoundNothing &&
         WEXITSTATUS(status) != kShellMayNotRunIt;
}

}  // namespace clew::cli
