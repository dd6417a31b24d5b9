// What a reader wants to know of a trace before anything else, above the waterfall.
#pragma once

#include <string>
#include <vector>

#include "cli/render/style.h"
#include "cli/render/trace_tree.h"

namespace clew::cli {

// Id, first service and name, duration, ERROR if any span failed, how many spans and services, and
// whether anything is missing; `cut`: the trace goes on behind the spans. One line, or two where
// the terminal is narrow; ends with a line break. `tree` has at least one span.
std::string DrawHeadline(const std::vector<SpanView>& spans, const TraceTree& tree, bool cut,
                         const Style& style);

}  // namespace clew::cli
