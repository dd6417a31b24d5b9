#include "base/seeded_hash.h"

#include "base/ids.h"

namespace clew {

const HashSeed& ProcessHashSeed() {
  static const HashSeed seed = [] {
    const TraceId random = TraceId::Random();
    HashSeed made;
    std::memcpy(&made.first, random.bytes.data(), sizeof(made.first));
    std::memcpy(&made.second, random.bytes.data() + sizeof(made.first), sizeof(made.second));
    made.second |= 1;  // a factor: with an even one fewer bits would count
    return made;
  }();
  return seed;
}

}  // namespace clew
