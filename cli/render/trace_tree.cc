#include "cli/render/trace_tree.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>

namespace clew::cli {
namespace {

// The nodes of one span id: at most one of each kind stays.
struct SameId {
  std::size_t server = kNone;
  std::size_t other = kNone;  // the first that is not a server span
  std::size_t inner() const { return server != kNone ? server : other; }
};

class Builder {
 public:
  explicit Builder(const std::vector<SpanView>& spans) : spans_(spans) {}

  TraceTree Build() && {
    AddNodes();
    FindParents();
    BreakLoops();
    LinkChildren();
    return std::move(tree_);
  }

 private:
  // One node a span, in display order, so that whoever links them later keeps siblings sorted for
  // nothing.
  void AddNodes() {
    std::vector<std::size_t> order(spans_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return std::tie(spans_[a].start, spans_[a].span_id, a) <
             std::tie(spans_[b].start, spans_[b].span_id, b);
    });
    by_id_.reserve(spans_.size());
    for (const std::size_t index : order) {
      const SpanView& span = spans_[index];
      SameId& same = by_id_[span.span_id];
      std::size_t& slot = span.kind == SpanKind::kServer ? same.server : same.other;
      if (slot != kNone) {
        ++tree_.duplicates;
        continue;
      }
      slot = tree_.nodes.size();
      tree_.nodes.push_back({.span = index});
      tree_.start = tree_.spans == 0 ? span.start : std::min(tree_.start, span.start);
      tree_.end = std::max(tree_.end, span.end);
      ++tree_.spans;
    }
  }

  void FindParents() {
    std::unordered_map<SpanId, std::size_t> placeholders;
    for (std::size_t node = 0; node < tree_.spans; ++node) {
      const SpanView& span = spans_[tree_.nodes[node].span];
      const SameId& same = by_id_[span.span_id];
      if (node == same.server && same.other != kNone) {
        tree_.nodes[node].parent = same.other;
        continue;
      }
      if (!span.parent_id.valid()) continue;
      const auto parent = by_id_.find(span.parent_id);
      if (parent != by_id_.end()) {
        tree_.nodes[node].parent = parent->second.inner();
        continue;
      }
      const auto [placeholder, added] =
          placeholders.try_emplace(span.parent_id, tree_.nodes.size());
      if (added) {
        tree_.nodes.push_back({.missing = span.parent_id});
        ++tree_.missing_parents;
      }
      tree_.nodes[node].parent = placeholder->second;
    }
  }

  // Walks up from every node once; a walk that meets itself has found a circle, which is cut above
  // its earliest span.
  void BreakLoops() {
    std::vector<std::size_t> seen_in_walk(tree_.nodes.size(), kNone);
    for (std::size_t start = 0; start < tree_.spans; ++start) {
      std::size_t node = start;
      while (node != kNone && seen_in_walk[node] == kNone) {
        seen_in_walk[node] = start;
        node = tree_.nodes[node].parent;
      }
      if (node == kNone || seen_in_walk[node] != start) continue;
      std::size_t earliest = node;  // nodes are sorted: the smallest index
      for (std::size_t at = tree_.nodes[node].parent; at != node; at = tree_.nodes[at].parent) {
        earliest = std::min(earliest, at);
      }
      tree_.nodes[earliest].parent = kNone;
      tree_.nodes[earliest].loop = true;
      ++tree_.loops;
    }
  }

  // A placeholder goes among the roots where its first child, the earliest, stands.
  void LinkChildren() {
    for (std::size_t node = 0; node < tree_.spans; ++node) {
      const std::size_t parent = tree_.nodes[node].parent;
      if (parent == kNone) {
        tree_.roots.push_back(node);
        continue;
      }
      TreeNode& above = tree_.nodes[parent];
      if (above.first_child == kNone) {
        above.first_child = node;
        if (above.span == kNone) tree_.roots.push_back(parent);
      } else {
        tree_.nodes[above.last_child].next_sibling = node;
      }
      above.last_child = node;
    }
  }

  const std::vector<SpanView>& spans_;
  std::unordered_map<SpanId, SameId> by_id_;
  TraceTree tree_;
};

}  // namespace

TraceTree BuildTree(const std::vector<SpanView>& spans) { return Builder(spans).Build(); }

}  // namespace clew::cli
