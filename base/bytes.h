// Reads and writes of fixed-width integers on byte strings, bounds always checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clew {

// A cursor over bytes that it does not own. A read past the end gives nothing and moves nothing.
class ByteCursor {
 public:
  explicit ByteCursor(std::string_view bytes) : rest_(bytes) {}

  std::size_t remaining() const { return rest_.size(); }
  std::string_view rest() const { return rest_; }

  std::optional<std::string_view> Take(std::size_t n) {
    if (rest_.size() < n) return std::nullopt;
    const std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  std::optional<std::uint8_t> U8() { return Big<std::uint8_t>(); }
  std::optional<std::uint16_t> U16be() { return Big<std::uint16_t>(); }
  std::optional<std::uint32_t> U32be() { return Big<std::uint32_t>(); }
  std::optional<std::uint64_t> U64be() { return Big<std::uint64_t>(); }

 private:
  template <typename T>
  std::optional<T> Big() {
    const auto raw = Take(sizeof(T));
    if (!raw) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : *raw) value = value << 8 | static_cast<std::uint8_t>(c);
    return static_cast<T>(value);
  }
  std::string_view rest_;
};

inline void AppendBig(std::string& out, std::uint64_t value, int width) {
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}
inline void AppendU8(std::string& out, std::uint8_t value) { AppendBig(out, value, 1); }
inline void AppendU16be(std::string& out, std::uint16_t value) { AppendBig(out, value, 2); }
inline void AppendU32be(std::string& out, std::uint32_t value) { AppendBig(out, value, 4); }
inline void AppendU64be(std::string& out, std::uint64_t value) { AppendBig(out, value, 8); }

}  // namespace clew
