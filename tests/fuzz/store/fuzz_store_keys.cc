// Decoders of keys and of fixed-size values: what one accepts, its encoder writes again byte for
// byte.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto check = [bytes](const auto& decoded) {
    if (decoded && clew::store::Encode(*decoded) != bytes) std::abort();
  };
  check(clew::store::DecodeSegmentKey(bytes));
  check(clew::store::DecodeTotals(bytes));
  check(clew::store::DecodeCountsKey(bytes));
  check(clew::store::DecodeEdgeKey(bytes));
  const auto sequence = clew::store::DecodeHotKey(bytes);
  if (sequence && clew::store::EncodeHotKey(*sequence) != bytes) std::abort();
  const auto parts = clew::store::DecodeParts(bytes);
  if (parts && clew::store::EncodeParts(*parts) != bytes) std::abort();
  return 0;
}
