// Key decoders: what one accepts, its encoder writes again byte for byte.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto check = [bytes](const auto& decoded) {
    if (decoded && clew::store::Encode(*decoded) != bytes) std::abort();
  };
  check(clew::store::DecodeHotKey(bytes));
  check(clew::store::DecodeIndexKey(bytes));
  check(clew::store::DecodeTotals(bytes));
  check(clew::store::DecodeServiceTotals(bytes));
  return 0;
}
