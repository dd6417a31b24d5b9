// 64 bits that tell spans of one trace apart by all their bytes: span, scope and resource as they
// came.
//
// Two different spans of a trace share one by chance with a probability of 2^-64 a pair. Only a
// sender that looks for a collision finds one, and loses nothing but a span of its own trace by it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "store/span_store.h"

namespace clew::store {

// Remembers the hash of the last resource and scope, which come in rows, and keeps both: another
// one must not come at the same address unnoticed. One thread.
class Fingerprinter {
 public:
  std::uint64_t Of(const SpanRecord& span);

 private:
  std::shared_ptr<const std::string> resource_;
  std::shared_ptr<const std::string> scope_;
  std::uint64_t context_ = 0;  // hash of the two
};

}  // namespace clew::store
