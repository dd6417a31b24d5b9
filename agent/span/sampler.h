// Keeps a share of new traces, decided by the trace id alone, so that everybody who asks gets the
// same answer.
#pragma once

#include <cstdint>

#include "base/ids.h"

namespace clew::span {

class RatioSampler {
 public:
  // `ratio` in [0, 1].
  explicit RatioSampler(double ratio)
      : threshold_(ratio >= 1
                       ? 0
                       : kSpace - static_cast<std::uint64_t>(ratio * static_cast<double>(kSpace))) {
  }

  // W3C Trace Context level 2 makes the last 7 bytes of a trace id random; OpenTelemetry's
  // consistent sampling compares them with a threshold.
  bool Sampled(const TraceId& id) const {
    std::uint64_t random = 0;
    for (std::size_t i = 9; i < 16; ++i) random = random << 8 | id.bytes[i];
    return random >= threshold_;
  }

 private:
  static constexpr std::uint64_t kSpace = std::uint64_t{1} << 56;
  std::uint64_t threshold_;
};

}  // namespace clew::span
