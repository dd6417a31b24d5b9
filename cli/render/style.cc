#include "cli/render/style.h"

#include <array>
#include <cstdint>

#include "cli/render/text.h"

namespace clew::cli {

std::string Style::Paint(Colour c, std::string_view text) const {
  if (!colour || c == Colour::kNone || text.empty()) return std::string(text);
  constexpr std::array kCodes = {"0", "2", "1", "31", "32", "33", "34", "35", "36"};
  return std::string("\x1b[") + kCodes[static_cast<std::size_t>(c)] + "m" + std::string(text) +
         "\x1b[0m";
}

std::string Style::Line(const std::vector<Piece>& pieces) const {
  std::string out;
  int left = LineWidth();
  for (const Piece& piece : pieces) {
    if (!out.empty()) out += "  ";
    const std::string text = Truncate(piece.text, left, ellipsis());
    left -= Columns(text) + 2;
    out += Paint(piece.colour, text);
  }
  return out;
}

std::string Style::Clean(std::string_view text) const { return Sanitize(text, ascii); }

Colour ColourOf(std::string_view name) {
  constexpr std::array kPalette = {Colour::kCyan, Colour::kGreen, Colour::kYellow, Colour::kBlue,
                                   Colour::kMagenta};
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619;
  return kPalette[hash % kPalette.size()];
}

}  // namespace clew::cli
