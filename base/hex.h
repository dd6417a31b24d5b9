// Hexadecimal digits of bytes.
#pragma once

#include <string>
#include <string_view>

namespace clew {

// Two digits for each byte, lower case.
std::string ToHex(std::string_view bytes);
// Whether all of `text` is digits of lower case. An empty one is.
bool IsLowerHex(std::string_view text);

// The value of a digit of either case, 0 to 15; -1: it is none.
constexpr int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace clew
