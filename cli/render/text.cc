#include "cli/render/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace clew::cli {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

bool In(const Range* begin, const Range* end, char32_t c) {
  const auto* range = std::lower_bound(
      begin, end, c, [](const Range& r, char32_t value) { return r.last < value; });
  return range != end && range->first <= c;
}

// Not wcwidth(): its answer depends on the locale of this process, and goldens must not. Blocks
// rather than the full tables of UAX #11 and UAX #15: a column wrong in a rare script misaligns one
// bar and nothing else.
constexpr std::array kCombining = {
    Range{0x0300, 0x036f}, Range{0x0483, 0x0489},   Range{0x0591, 0x05bd}, Range{0x0610, 0x061a},
    Range{0x064b, 0x065f}, Range{0x0670, 0x0670},   Range{0x06d6, 0x06dc}, Range{0x0900, 0x0902},
    Range{0x093c, 0x093c}, Range{0x0941, 0x0948},   Range{0x094d, 0x094d}, Range{0x0e31, 0x0e31},
    Range{0x0e34, 0x0e3a}, Range{0x0e47, 0x0e4e},   Range{0x1ab0, 0x1aff}, Range{0x1dc0, 0x1dff},
    Range{0x20d0, 0x20f0}, Range{0x302a, 0x302d},   Range{0x3099, 0x309a}, Range{0xfe00, 0xfe0f},
    Range{0xfe20, 0xfe2f}, Range{0xe0100, 0xe01ef},
};
constexpr std::array kWide = {
    Range{0x1100, 0x115f},   Range{0x231a, 0x231b},   Range{0x23e9, 0x23ec},
    Range{0x2614, 0x2615},   Range{0x26a1, 0x26a1},   Range{0x2705, 0x2705},
    Range{0x274c, 0x274c},   Range{0x2b50, 0x2b50},   Range{0x2e80, 0x303e},
    Range{0x3041, 0x33ff},   Range{0x3400, 0x4dbf},   Range{0x4e00, 0x9fff},
    Range{0xa000, 0xa4cf},   Range{0xa960, 0xa97f},   Range{0xac00, 0xd7a3},
    Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},   Range{0xff00, 0xff60},
    Range{0xffe0, 0xffe6},   Range{0x16fe0, 0x18aff}, Range{0x1b000, 0x1b2ff},
    Range{0x1f1e6, 0x1f1ff}, Range{0x1f300, 0x1f64f}, Range{0x1f680, 0x1f6ff},
    Range{0x1f900, 0x1faff}, Range{0x20000, 0x3fffd},
};
// Characters that draw nothing or reorder what others draw.
constexpr std::array kFormat = {
    Range{0x00ad, 0x00ad}, Range{0x061c, 0x061c}, Range{0x115f, 0x1160},   Range{0x180e, 0x180e},
    Range{0x200b, 0x200f}, Range{0x2028, 0x202e}, Range{0x2060, 0x206f},   Range{0x3164, 0x3164},
    Range{0xfeff, 0xfeff}, Range{0xfff9, 0xfffb}, Range{0x1d173, 0x1d17a}, Range{0xe0000, 0xe00ff},
};
static_assert(std::is_sorted(kCombining.begin(), kCombining.end(),
                             [](Range a, Range b) { return a.last < b.first; }));

template <std::size_t N>
bool In(const std::array<Range, N>& ranges, char32_t c) {
  return In(ranges.data(), ranges.data() + N, c);
}

void AppendEscaped(std::string& out, char32_t c) {
  if (c == '\n') {
    out += "\\n";
  } else if (c == '\t') {
    out += "\\t";
  } else if (c == '\r') {
    out += "\\r";
  } else {
    char text[16];
    std::snprintf(text, sizeof(text), c < 0x100 ? "\\x%02x" : "\\u{%x}", static_cast<unsigned>(c));
    out += text;
  }
}

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

}  // namespace

CodePoint DecodeUtf8(std::string_view text) {
  constexpr CodePoint kInvalid{0xfffd, 1};
  const auto byte = [&text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t head = byte(0);
  if (head < 0x80) return {head, 1};
  const std::size_t length = head >= 0xf0 ? 4 : head >= 0xe0 ? 3 : 2;
  if (head < 0xc2 || head > 0xf4 || text.size() < length) return kInvalid;
  char32_t value = head & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return kInvalid;
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest[length] || value > 0x10ffff || surrogate) return kInvalid;
  return {value, length};
}

int Columns(char32_t c) {
  if (c < 0x300) return 1;
  if (In(kCombining, c)) return 0;
  return In(kWide, c) ? 2 : 1;
}

int Columns(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const CodePoint c = DecodeUtf8(text);
    columns += Columns(c.value);
    text.remove_prefix(c.length);
  }
  return columns;
}

std::string Sanitize(std::string_view text, bool ascii, std::size_t max_bytes) {
  constexpr int kMaxMarks = 3;  // more on one character spill over the lines above and below
  std::string out;
  const bool cut = text.size() > max_bytes;
  if (cut) text = text.substr(0, max_bytes);
  int marks = kMaxMarks;  // a mark at the very start would join the column before
  while (!text.empty()) {
    const CodePoint c = DecodeUtf8(text);
    const bool mark = Columns(c.value) == 0;
    marks = mark ? marks + 1 : 0;
    if (IsControl(c.value) || In(kFormat, c.value)) {
      AppendEscaped(out, c.value);
    } else if (ascii && c.value > 0x7e) {
      if (!mark) out += '?';
    } else if (c.value == 0xfffd) {
      out += "\xef\xbf\xbd";
    } else if (!mark || marks <= kMaxMarks) {
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
  if (cut) out += "...";
  return out;
}

std::string Truncate(std::string_view text, int columns, std::string_view ellipsis) {
  if (columns <= 0) return {};
  std::size_t fits = 0;  // bytes that leave one column for the ellipsis
  int used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeUtf8(text.substr(at));
    used += Columns(c.value);
    at += c.length;
    if (used <= columns - 1) fits = at;
    if (used > columns) return std::string(text.substr(0, fits)) + std::string(ellipsis);
  }
  return std::string(text);
}

std::string FitLeft(std::string_view text, int columns, std::string_view ellipsis) {
  std::string out = Truncate(text, columns, ellipsis);
  out.append(static_cast<std::size_t>(std::max(0, columns - Columns(out))), ' ');
  return out;
}

std::string FitRight(std::string_view text, int columns, std::string_view ellipsis) {
  const std::string out = Truncate(text, columns, ellipsis);
  return std::string(static_cast<std::size_t>(std::max(0, columns - Columns(out))), ' ') + out;
}

}  // namespace clew::cli
