#include "base/time.h"

#include <ctime>

namespace clew {
namespace {

std::int64_t Read(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

KernelNanos KernelClock::now() { return KernelNanos(std::chrono::nanoseconds(Read(CLOCK_MONOTONIC))); }
UnixNanos UnixClock::now() { return UnixNanos(std::chrono::nanoseconds(Read(CLOCK_REALTIME))); }

ClockSync ClockSync::Measure() {
  std::int64_t best_width = INT64_MAX;
  std::int64_t offset = 0;
  for (int i = 0; i < 8; ++i) {  // a reading that was not preempted is tight; keep the tightest
    const std::int64_t before = Read(CLOCK_MONOTONIC);
    const std::int64_t wall = Read(CLOCK_REALTIME);
    const std::int64_t after = Read(CLOCK_MONOTONIC);
    if (after - before < best_width) {
      best_width = after - before;
      offset = wall - (before + (after - before) / 2);
    }
  }
  return ClockSync(std::chrono::nanoseconds(offset));
}

}  // namespace clew
