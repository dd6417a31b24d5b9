// The agent's numbers in Prometheus' text format.
#pragma once

#include <string>
#include <vector>

#include "base/counter.h"

namespace clew::agent {

// Counters become clew_agent_NAME_total; those that are one thing by several reasons (drop_*,
// inject_*, spans_dropped_*) one family with a label. Gauges become clew_agent_NAME. The process's
// own memory and CPU time are added by their usual names.
std::string RenderMetrics(const std::vector<NamedCounter>& counters,
                          const std::vector<NamedCounter>& gauges);

}  // namespace clew::agent
