// Keeps a share of new traces, decided by the trace id alone, so that everybody who asks gets the
// same answer.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/ids.h"

namespace clew::span {

// The rule of the kernel side (bpf/lib/context.bpf.h, new_trace): the last eight bytes of the id,
// as a big-endian number, are at most `ratio` of the largest.
class RatioSampler {
 public:
  // `ratio` in [0, 1].
  explicit RatioSampler(double ratio)
      : limit_(ratio >= 1   ? ~std::uint64_t{0}
               : ratio <= 0 ? 0
                            : static_cast<std::uint64_t>(std::ldexp(ratio, 64))) {}

  bool Sampled(const TraceId& id) const {
    std::uint64_t tail = 0;
    for (std::size_t i = TraceId::kSize - sizeof(tail); i < TraceId::kSize; ++i)
      tail = tail << 8 | id.bytes[i];
    return tail <= limit_;
  }

 private:
  std::uint64_t limit_;
};

}  // namespace clew::span
