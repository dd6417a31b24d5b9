// Trace and span ids as W3C Trace Context and OTLP define them: 16 and 8 bytes, all-zero is invalid.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/seeded_hash.h"

namespace clew {

template <std::size_t N, typename Tag>
struct Id {
  static constexpr std::size_t kSize = N;
  std::array<std::uint8_t, N> bytes{};

  bool valid() const { return bytes != std::array<std::uint8_t, N>{}; }
  // Lower-case hex, 2 * N characters.
  std::string ToHex() const;
  // The raw bytes, N of them; views this object.
  std::string_view View() const { return {reinterpret_cast<const char*>(bytes.data()), N}; }
  auto operator<=>(const Id&) const = default;

  // Exactly 2 * N hex digits of either case, else nothing. All-zero is returned as it is: ask valid().
  static std::optional<Id> FromHex(std::string_view hex);
  // Exactly N bytes, else nothing.
  static std::optional<Id> FromBytes(std::string_view raw) {
    if (raw.size() != N) return std::nullopt;
    Id id;
    std::memcpy(id.bytes.data(), raw.data(), N);
    return id;
  }
  // From the kernel's random source; never all-zero.
  static Id Random();
};

using TraceId = Id<16, struct TraceTag>;
using SpanId = Id<8, struct SpanTag>;

extern template struct Id<16, TraceTag>;
extern template struct Id<8, SpanTag>;

}  // namespace clew

template <std::size_t N, typename Tag>
struct std::hash<clew::Id<N, Tag>> {
  std::size_t operator()(const clew::Id<N, Tag>& id) const noexcept {
    // The first and the last eight bytes: all of them. Senders make ids up.
    std::uint64_t first;
    std::uint64_t last;
    std::memcpy(&first, id.bytes.data(), sizeof(first));
    std::memcpy(&last, id.bytes.data() + N - sizeof(last), sizeof(last));
    return static_cast<std::size_t>(clew::SeededHash(first, N > sizeof(first) ? last : 0));
  }
};
