// What a trace waited for: the chain of spans that decided when its root could end.
#pragma once

#include <cstdint>
#include <vector>

#include "cli/render/trace_tree.h"

namespace clew::cli {

// For every node of the tree, how many nanoseconds of its root's time only that span was waited
// for; 0: not on the path. The values add up to the root's duration.
//
// Read backwards from the root's end: of the children that had ended by then, the one that ended
// last was waited for; before its start, the next; between them the span itself was at work. A
// child that outlives its parent counts up to the parent's end. `root` is an index into tree.nodes
// and no placeholder.
std::vector<std::uint64_t> CriticalPath(const std::vector<SpanView>& spans, const TraceTree& tree,
                                        std::size_t root);

}  // namespace clew::cli
