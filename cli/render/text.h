// Text from other processes, made safe for a terminal, and measured in terminal columns.
//
// A span's name is whatever a client sent: escape sequences, line breaks, bidirectional overrides,
// invalid UTF-8. All that reaches a terminal goes through Sanitize first; the other functions take
// its result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clew::cli {

// One code point at the head of `text`, which is not empty. Invalid UTF-8 gives U+FFFD and a length
// of 1.
struct CodePoint {
  char32_t value;
  std::size_t length;  // bytes
};
CodePoint DecodeUtf8(std::string_view text);

// Columns that a terminal gives to a code point: 0 for combining marks, 2 for East Asian wide ones
// and emoji, else 1.
int Columns(char32_t c);
// Columns of sanitized text.
int Columns(std::string_view text);

// Printable text on one line: control characters become \n, \t, \xHH; format characters
// (bidirectional overrides, zero-width, line separators) \u{HEX}; invalid bytes U+FFFD. At most
// three combining marks on a character stay. Reads at most `max_bytes` of `text` and then ends with
// "...". With `ascii`, everything above 0x7e becomes '?'.
std::string Sanitize(std::string_view text, bool ascii = false, std::size_t max_bytes = 4096);

// At most `columns` columns of sanitized text; what is cut ends with `ellipsis` ("…" or "~"), which
// is one column.
std::string Truncate(std::string_view text, int columns, std::string_view ellipsis);

// Truncated, then filled with spaces to exactly `columns` columns, on the right or on the left.
std::string FitLeft(std::string_view text, int columns, std::string_view ellipsis);
std::string FitRight(std::string_view text, int columns, std::string_view ellipsis);

}  // namespace clew::cli
