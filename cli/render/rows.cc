#include "cli/render/rows.h"

#include <utility>

namespace clew::cli {
namespace {

// The server node that answers this client node alone; kNone when the call cannot be drawn as one
// row.
std::size_t AnsweredBy(const std::vector<SpanView>& spans, const TraceTree& tree,
                       const TreeNode& node) {
  if (node.span == kNone || spans[node.span].kind != SpanKind::kClient) return kNone;
  // Without a row above it nothing else would name the caller.
  if (node.parent == kNone || tree.nodes[node.parent].span == kNone) return kNone;
  if (node.first_child == kNone || node.first_child != node.last_child) return kNone;
  const TreeNode& child = tree.nodes[node.first_child];
  return spans[child.span].kind == SpanKind::kServer ? node.first_child : kNone;
}

}  // namespace

std::vector<Row> LayOutRows(const std::vector<SpanView>& spans, const TraceTree& tree, bool fold) {
  std::vector<Row> rows;
  rows.reserve(tree.nodes.size());
  std::vector<Row> pending;  // a stack: the next row to lay out is at the back
  const auto push_siblings = [&pending](std::vector<std::size_t>& nodes, std::uint32_t depth,
                                        std::uint32_t guides) {
    for (std::size_t i = nodes.size(); i-- > 0;) {
      const bool last = i + 1 == nodes.size();
      std::uint32_t mine = guides;
      if (!last && depth < kMaxDrawnDepth) mine |= 1u << depth;
      pending.push_back({.node = nodes[i], .depth = depth, .guides = mine, .last = last});
    }
  };
  std::vector<std::size_t> siblings = tree.roots;
  push_siblings(siblings, 0, 0);
  while (!pending.empty()) {
    Row row = pending.back();
    pending.pop_back();
    if (const std::size_t server = fold ? AnsweredBy(spans, tree, tree.nodes[row.node]) : kNone;
        server != kNone) {
      row.client = std::exchange(row.node, server);
    }
    siblings.clear();
    for (std::size_t child = tree.nodes[row.node].first_child; child != kNone;
         child = tree.nodes[child].next_sibling) {
      siblings.push_back(child);
    }
    push_siblings(siblings, row.depth + 1, row.guides);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace clew::cli
