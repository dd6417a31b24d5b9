// The kernel side's counters by their exported names.
#pragma once

#include <vector>

#include "base/counter.h"
#include "agent/kernel/programs.h"

namespace clew::kernel {

// Sums over CPUs. Reads maps by system calls: for a scrape, not for every record.
std::vector<NamedCounter> ReadCounters(const Programs& programs);

// One counter of a per-CPU array map; 0 when it cannot be read.
std::uint64_t ReadPerCpu(int map_fd, std::uint32_t key);

// Index of the counter of headers inserted by the self-test, in the `stats` map.
std::uint32_t SelfTestInsertedStat();
// ... and of the self-test's segments with the TCP option.
std::uint32_t SelfTestOptionsStat();

}  // namespace clew::kernel
