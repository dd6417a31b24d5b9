// A trace as a tree for display, built from spans that came in any order, twice, in circles or not
// at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cli/render/span_view.h"

namespace clew::cli {

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

struct TreeNode {
  std::size_t span =
      kNone;       // index into the spans; kNone: a placeholder for a parent that is not there
  SpanId missing;  // of a placeholder: the id that its children name
  std::size_t parent = kNone;  // index into TraceTree::nodes; kNone: at the top
  std::size_t first_child = kNone;
  std::size_t last_child = kNone;
  std::size_t next_sibling = kNone;
  bool loop =
      false;  // the parent it names is one of its own descendants, or itself: shown at the top
};

// Children are ordered by start, then span id; so are the nodes at the top. A placeholder counts by
// its first child.
struct TraceTree {
  std::vector<TreeNode> nodes;
  std::vector<std::size_t> roots;  // indices of the nodes at the top
  std::size_t spans = 0;           // without duplicates
  std::size_t duplicates = 0;      // the same span id and kind once more: not shown
  std::size_t missing_parents = 0;
  std::size_t loops = 0;
  std::uint64_t start = 0;  // Unix nanoseconds, of the earliest span
  std::uint64_t end = 0;    // of the span that ends last

  // One root and every parent there: as far as the spans themselves can tell, nothing is missing.
  bool complete() const { return roots.size() == 1 && missing_parents == 0 && loops == 0; }
};

// Time O(n log n), no recursion: a chain of 100,000 spans is a tree like any other. A client and a
// server span that share one id (Zipkin's way) become parent and child, and children of that id
// hang on the server's.
TraceTree BuildTree(const std::vector<SpanView>& spans);

}  // namespace clew::cli
