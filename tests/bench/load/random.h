// Random numbers of the loads: the same from every seed, everywhere.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace clew::bench {

// splitmix64: a few nanoseconds a number, and any seed will do.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  int Below(int n) { return static_cast<int>(Next() % static_cast<std::uint64_t>(n)); }
  double Exponential(double mean) {
    const double uniform = (static_cast<double>(Next() >> 11) + 1) * 0x1p-53;
    return -mean * std::log(uniform);
  }
  template <typename Id>
  Id NextId() {
    Id id;
    for (std::size_t i = 0; i < Id::kSize; i += sizeof(std::uint64_t)) {
      const std::uint64_t word = Next() | 1;  // never all-zero
      std::memcpy(id.bytes.data() + i, &word, sizeof(word));
    }
    return id;
  }

 private:
  std::uint64_t state_;
};

}  // namespace clew::bench
