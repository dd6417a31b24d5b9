// How long the reader of the ring buffer waits between two drains.
#pragma once

#include <algorithm>
#include <chrono>

namespace clew::kernel {

// Records do not wake the reader: a wake-up per record would halve a busy server's throughput. So it looks in at intervals, chosen
// by what the last drain found. Often enough that a drain stays short, for whoever shares the core waits for it (4 ms between drains
// of a saturated server doubled the p99 of its neighbour); seldom enough that waking up is not what the reader spends its time on.
class DrainPace {
 public:
  using Interval = std::chrono::milliseconds;
  static constexpr Interval kShortest{1};
  static constexpr Interval kLongest{8};      // while anything comes
  static constexpr Interval kLongestIdle{32};
  static constexpr int kFewRecords = 32;
  static constexpr int kManyRecords = 96;

  Interval interval() const { return interval_; }

  void Drained(int records) {
    if (records > kManyRecords) {
      interval_ = std::max(interval_ / 2, kShortest);
    } else if (records == 0) {
      interval_ = std::min(interval_ * 2, kLongestIdle);
    } else if (records < kFewRecords) {
      interval_ = std::min(interval_ * 2, kLongest);
    } else {
      interval_ = std::min(interval_, kLongest);
    }
  }

 private:
  Interval interval_ = kShortest;
};

}  // namespace clew::kernel
