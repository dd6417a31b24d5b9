// How output is drawn: colour or none, Unicode or ASCII, how wide. Decided once per run, passed to
// all that draws.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace clew::cli {

enum class Colour { kNone, kDim, kBold, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan };

struct Piece {
  std::string text;  // sanitized
  Colour colour = Colour::kNone;
};

struct Style {
  bool colour = false;
  bool ascii = false;
  int width = 120;  // columns of the terminal

  // `text` in that colour, or as it is when colours are off.
  std::string Paint(Colour c, std::string_view text) const;
  // Columns that a line may have: the terminal's, but 60 at least.
  int LineWidth() const { return width < 60 ? 60 : width; }
  // The pieces on one line, two blanks between them, cut at LineWidth(). No line break.
  std::string Line(const std::vector<Piece>& pieces) const;
  // What a cut text ends with; one column.
  std::string_view ellipsis() const { return ascii ? "~" : "…"; }
  // Text from a span, safe for the terminal.
  std::string Clean(std::string_view text) const;
};

// The same name has the same colour in every trace and every run. Never red: red means error.
Colour ColourOf(std::string_view name);

}  // namespace clew::cli
