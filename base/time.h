// The two clocks of Clew. They do not convert into each other: only a ClockSync crosses.
#pragma once

#include <chrono>
#include <cstdint>

namespace clew {

// CLOCK_MONOTONIC as the kernel side stamps it (bpf_ktime_get_ns), nanoseconds since boot.
struct KernelClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<KernelClock>;
  static constexpr bool is_steady = true;
  static time_point now();
};
using KernelNanos = KernelClock::time_point;

// CLOCK_REALTIME, nanoseconds since 1970-01-01 UTC.
struct UnixClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<UnixClock>;
  static constexpr bool is_steady = false;
  static time_point now();
};
using UnixNanos = UnixClock::time_point;

inline std::uint64_t ToUint64(KernelNanos t) { return static_cast<std::uint64_t>(t.time_since_epoch().count()); }
inline std::uint64_t ToUint64(UnixNanos t) { return static_cast<std::uint64_t>(t.time_since_epoch().count()); }
inline KernelNanos KernelNanosFrom(std::uint64_t ns) { return KernelNanos(std::chrono::nanoseconds(ns)); }
inline UnixNanos UnixNanosFrom(std::uint64_t ns) { return UnixNanos(std::chrono::nanoseconds(ns)); }

// Maps kernel time to wall-clock time by one offset. Durations are always taken on the kernel clock, so a
// step of the wall clock moves whole spans and never stretches one.
class ClockSync {
 public:
  explicit ClockSync(std::chrono::nanoseconds offset) : offset_(offset) {}
  // Offset of now, from the tightest of several readings of both clocks.
  static ClockSync Measure();

  UnixNanos ToUnix(KernelNanos t) const { return UnixNanos(t.time_since_epoch() + offset_); }
  std::chrono::nanoseconds offset() const { return offset_; }

 private:
  std::chrono::nanoseconds offset_;
};

}  // namespace clew
