#include "base/ids.h"

#include <sys/random.h>

#include "base/hex.h"
#include "base/result.h"

namespace clew {
namespace {

// One getrandom call gives many ids. Thread-local, so no lock.
void RandomBytes(std::uint8_t* out, std::size_t n) {
  thread_local std::array<std::uint8_t, 256> pool;
  thread_local std::size_t used = pool.size();
  if (used + n > pool.size()) {
    CLEW_CHECK(getrandom(pool.data(), pool.size(), 0) == static_cast<ssize_t>(pool.size()));
    used = 0;
  }
  std::memcpy(out, pool.data() + used, n);
  used += n;
}

}  // namespace

template <std::size_t N, typename Tag>
std::string Id<N, Tag>::ToHex() const {
  return clew::ToHex(View());
}

template <std::size_t N, typename Tag>
std::optional<Id<N, Tag>> Id<N, Tag>::FromHex(std::string_view hex) {
  if (hex.size() != 2 * N) return std::nullopt;
  Id id;
  for (std::size_t i = 0; i < N; ++i) {
    const int high = HexDigit(hex[2 * i]);
    const int low = HexDigit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return id;
}

template <std::size_t N, typename Tag>
Id<N, Tag> Id<N, Tag>::Random() {
  Id id;
  do RandomBytes(id.bytes.data(), N);
  while (!id.valid());
  return id;
}

template struct Id<16, TraceTag>;
template struct Id<8, SpanTag>;

}  // namespace clew
