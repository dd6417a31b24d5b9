// Hashes for tables whose keys others choose: the ids that senders make up, or addresses. Whoever
// does not know the seed cannot make keys that all go to one place, and neither do counters.
#pragma once

#include <cstdint>

namespace clew {

struct HashSeed {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};
// Random, another one in each process.
const HashSeed& ProcessHashSeed();

// Of two words; one does, too. High and low bits of both count in high and low bits of the result.
inline std::uint64_t SeededHash(std::uint64_t first, std::uint64_t second = 0) {
  const HashSeed& seed = ProcessHashSeed();
  const unsigned __int128 product =
      static_cast<unsigned __int128>(first ^ seed.first) * (second ^ seed.second);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace clew
