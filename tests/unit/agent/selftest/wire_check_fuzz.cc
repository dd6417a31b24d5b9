// Any bytes in any pieces: WireCheck never reads past them, and takes only what it can account for.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/selftest/wire_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  std::string_view arrived(reinterpret_cast<const char*>(data) + 1, size - 1);
  clew::selftest::WireCheck check;
  check.ExpectRequest(clew::selftest::RequestHead("fuzz", 0));
  check.ExpectRequest(clew::selftest::RequestHead("fuzz", 4) + "body");
  const std::size_t total = check.wanted();
  while (!arrived.empty()) {
    const bool taken = check.Feed(arrived.substr(0, piece));
    if (check.matched() + check.wanted() != total || taken != check.problem().empty() ||
        check.headers_seen() > check.requests()) {
      std::abort();
    }
    if (!taken) return 0;
    arrived.remove_prefix(std::min(piece, arrived.size()));
  }
  return 0;
}
