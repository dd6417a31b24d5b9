// Networks of IP addresses: "10.0.0.0/8", "fc00::/7", "192.0.2.1".
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace clew {

// IPv4 is ::ffff:a.b.c.d, so that both families are one space.
struct Network {
  std::array<std::uint8_t, 16> address{};  // network order; bits behind the prefix are zero
  std::uint8_t prefix = 128;               // bits
};

// kInvalid, with what was expected, for anything but an address with an optional prefix length. Bits behind the prefix must be
// zero: 10.1.2.3/8 is more likely a mistake than a network.
Result<Network> ParseNetwork(std::string_view text);

}  // namespace clew
