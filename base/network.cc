#include "base/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace clew {
namespace {

constexpr int kMappedBits = 96;  // ::ffff:0:0/96

Error NoNetwork(std::string_view text, const char* why) {
  return Error{Code::kInvalid, "'" + std::string(text) + "' is no network such as 10.0.0.0/8 or fc00::/7: " + why};
}

}  // namespace

Result<Network> ParseNetwork(std::string_view text) {
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network out;
  int most = 128, shift = 0;
  in_addr v4;
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    most = 32;
    shift = kMappedBits;
    out.address[10] = out.address[11] = 0xff;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v4);
    std::copy(bytes, bytes + 4, out.address.begin() + 12);
  } else if (inet_pton(AF_INET6, address.c_str(), out.address.data()) != 1) {
    return NoNetwork(text, "no address");
  }
  int length = most;
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc() || end != digits.data() + digits.size() || length < 0 || length > most) {
      return NoNetwork(text, "the prefix length does not fit");
    }
  }
  out.prefix = static_cast<std::uint8_t>(length + shift);
  for (int bit = out.prefix; bit < 128; ++bit) {
    if (out.address[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) return NoNetwork(text, "bits behind the prefix are set");
  }
  return out;
}

}  // namespace clew
