// XXH3-128, of a file as it is read.
#pragma once

#include <xxhash.h>

#include <memory>
#include <string>
#include <string_view>

namespace clew::store {

class Checksum {
 public:
  Checksum();
  void Add(std::string_view bytes);
  // 32 lower-case hex digits, of all bytes so far.
  std::string Hex() const;

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

std::string ChecksumOf(std::string_view bytes);

}  // namespace clew::store
