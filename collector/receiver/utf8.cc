#include "collector/receiver/utf8.h"

#include <cstdint>
#include <cstring>

namespace clew::receiver {
namespace {

// Bytes of a character by its first byte and the range that its second byte must be in; the others
// are 80..BF. Source: Unicode Standard, table 3-7.
struct Form {
  int size;  // 0: not a first byte
  std::uint8_t second_min;
  std::uint8_t second_max;
};

Form FormOf(std::uint8_t first) {
  if (first < 0x80) return {1, 0, 0};
  if (first < 0xc2) return {0, 0, 0};
  if (first < 0xe0) return {2, 0x80, 0xbf};
  if (first == 0xe0) return {3, 0xa0, 0xbf};
  if (first == 0xed) return {3, 0x80, 0x9f};
  if (first < 0xf0) return {3, 0x80, 0xbf};
  if (first == 0xf0) return {4, 0x90, 0xbf};
  if (first < 0xf4) return {4, 0x80, 0xbf};
  if (first == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

}  // namespace

bool IsUtf8(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::uint64_t word;
    if (static_cast<std::size_t>(end - at) >= sizeof(word)) {
      std::memcpy(&word, at, sizeof(word));
      if ((word & 0x8080808080808080u) == 0) {  // eight ASCII characters: nearly all text here is
        at += sizeof(word);
        continue;
      }
    }
    const Form form = FormOf(static_cast<std::uint8_t>(*at));
    if (form.size == 0 || end - at < form.size) return false;
    for (int i = 1; i < form.size; ++i) {
      const auto byte = static_cast<std::uint8_t>(at[i]);
      const std::uint8_t low = i == 1 ? form.second_min : 0x80;
      const std::uint8_t high = i == 1 ? form.second_max : 0xbf;
      if (byte < low || byte > high) return false;
    }
    at += form.size;
  }
  return true;
}

}  // namespace clew::receiver
