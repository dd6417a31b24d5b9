// The terminal that this process writes to: what it can show, and a pager for what is longer than
// it.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"
#include "cli/render/style.h"

namespace clew::cli {

struct Terminal {
  bool is_tty = false;  // standard output
  bool dumb = false;    // TERM=dumb or none: no escape sequences, no pager
  bool utf8 = false;    // of the locale
  int columns = 0;      // 0: unknown
  int rows = 0;         // 0: unknown
};

// Asks the standard output, the locale and the environment (TERM, COLUMNS).
Terminal DetectTerminal(const Environment& environment);

// Colours by --color, else only on a terminal that is not dumb and without NO_COLOR (no-color.org),
// and in no format for machines. 120 columns where the width is unknown, ASCII where the locale is
// not UTF-8.
Style ChooseStyle(const Options& options, const Terminal& terminal, const Environment& environment);

// True when `text` is for a person at a terminal and does not fit on it.
bool WantsPager(const Options& options, const Terminal& terminal, const std::string& text);

// Writes all of `text` to standard output. False when that failed, other than by a reader that has
// gone away.
bool WriteOut(std::string_view text);

// Shows `text` in the pager (a shell command; less gets -FRX unless LESS says otherwise); false
// when it could not be started.
bool Page(const std::string& pager, const std::string& text);

}  // namespace clew::cli
