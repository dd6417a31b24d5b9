// The manifest of a backup: what is accepted has one spelling. The checksum at the end, which a
// fuzzer does not guess, is put there for it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/admin/checksum.h"
#include "store/admin/manifest.h"

namespace {

using clew::store::FormatManifest;
using clew::store::ParseManifest;

bool Check(std::string_view text) {
  const auto manifest = ParseManifest(text);
  if (!manifest) return false;
  if (FormatManifest(*manifest) != text) std::abort();
  for (const auto& file : manifest->files) {
    if (file.name.find('/') != file.name.npos || file.name == "..") std::abort();
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Check(bytes);
  // The input as all that stands before the last line.
  const std::string head(bytes);
  Check(head + "end " + clew::store::ChecksumOf(head) + "\n");
  return 0;
}
