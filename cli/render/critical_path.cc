#include "cli/render/critical_path.h"

#include <algorithm>

namespace clew::cli {

std::vector<std::uint64_t> CriticalPath(const std::vector<SpanView>& spans, const TraceTree& tree,
                                        std::size_t root) {
  struct Stretch {
    std::size_t node;
    std::uint64_t begin;  // inside the parent's stretch
    std::uint64_t end;
  };
  std::vector<std::uint64_t> waited(tree.nodes.size(), 0);
  const SpanView& root_span = spans[tree.nodes[root].span];
  std::vector<Stretch> pending = {{root, root_span.start, root_span.end}};
  std::vector<std::size_t> children;
  while (!pending.empty()) {
    const Stretch stretch = pending.back();
    pending.pop_back();
    children.clear();
    for (std::size_t child = tree.nodes[stretch.node].first_child; child != kNone;
         child = tree.nodes[child].next_sibling) {
      children.push_back(child);
    }
    const auto span_of = [&](std::size_t node) -> const SpanView& {
      return spans[tree.nodes[node].span];
    };
    std::stable_sort(children.begin(), children.end(),
                     [&](std::size_t a, std::size_t b) { return span_of(a).end > span_of(b).end; });
    std::uint64_t cursor = stretch.end;
    for (const std::size_t child : children) {
      const std::uint64_t begin = std::max(span_of(child).start, stretch.begin);
      const std::uint64_t end = std::min(span_of(child).end, stretch.end);
      if (begin >= end || end > cursor)
        continue;  // outside, or still running when a later call was already waited for
      waited[stretch.node] += cursor - end;
      pending.push_back({child, begin, end});
      cursor = begin;
    }
    waited[stretch.node] += cursor - stretch.begin;
  }
  return waited;
}

}  // namespace clew::cli
