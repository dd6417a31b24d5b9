// The time range of a question, as the protocol has it.
#pragma once

#include <algorithm>

#include "base/time.h"
#include "cli/options.h"

namespace clew::cli {

// `request` has start_min_unix_nano and start_max_unix_nano, of which 0 is no bound.
template <typename Request>
void SetTimes(const TraceFilter& filter, Request& request) {
  if (filter.from) request.set_start_min_unix_nano(ToUint64(std::max(*filter.from, UnixNanos{})));
  if (filter.to) request.set_start_max_unix_nano(ToUint64(std::max(*filter.to, UnixNanosFrom(1))));
}

}  // namespace clew::cli
