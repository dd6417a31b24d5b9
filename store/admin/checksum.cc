#include "store/admin/checksum.h"

#include "base/hex.h"
#include "base/result.h"

namespace clew::store {

Checksum::Checksum() : state_(XXH3_createState()) {
  CLEW_CHECK(state_ != nullptr && XXH3_128bits_reset(state_.get()) == XXH_OK);
}

void Checksum::Add(std::string_view bytes) {
  CLEW_CHECK(XXH3_128bits_update(state_.get(), bytes.data(), bytes.size()) == XXH_OK);
}

std::string Checksum::Hex() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
  return ToHex({reinterpret_cast<const char*>(canonical.digest), sizeof(canonical.digest)});
}

std::string ChecksumOf(std::string_view bytes) {
  Checksum sum;
  sum.Add(bytes);
  return sum.Hex();
}

}  // namespace clew::store
