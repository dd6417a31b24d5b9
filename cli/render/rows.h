// The lines of a waterfall: the tree read from top to bottom, with a call's client and server span
// on one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cli/render/trace_tree.h"

namespace clew::cli {

// Deeper levels are drawn at this one; the row still knows its depth.
inline constexpr std::uint32_t kMaxDrawnDepth = 16;

struct Row {
  std::size_t node = kNone;    // into TraceTree::nodes: the server span of a folded call
  std::size_t client = kNone;  // of a folded call: the client span's node
  std::uint32_t depth = 0;     // of the node that stands highest
  std::uint32_t guides =
      0;             // bit i: the tree line of level i goes on below this row (i < kMaxDrawnDepth)
  bool last = true;  // no sibling follows
};

// Every node once, children after their parent. With `fold`, a client span whose only child is the
// server span that answered it shares that child's row: the two are one call seen from both ends.
// Not so at the top, where no row above names the caller.
std::vector<Row> LayOutRows(const std::vector<SpanView>& spans, const TraceTree& tree, bool fold);

}  // namespace clew::cli
