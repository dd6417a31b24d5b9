#include "cli/render/headline.h"

#include <set>
#include <string_view>

#include "cli/render/text.h"
#include "cli/render/units.h"

namespace clew::cli {
namespace {

std::string Completeness(const TraceTree& tree) {
  if (tree.complete()) return "complete";
  if (tree.missing_parents > 0) return Plural(tree.missing_parents, "span") + " missing";
  if (tree.loops > 0) return Plural(tree.loops, "loop");
  return Plural(tree.roots.size(), "root");
}

// The earliest span at the top; under a placeholder its first child.
const SpanView& FirstSpan(const std::vector<SpanView>& spans, const TraceTree& tree) {
  const TreeNode& root = tree.nodes[tree.roots.front()];
  return spans[root.span == kNone ? tree.nodes[root.first_child].span : root.span];
}

}  // namespace

std::string DrawHeadline(const std::vector<SpanView>& spans, const TraceTree& tree, bool cut,
                         const Style& style) {
  constexpr int kShortName = 20;  // when less is left for it, the id stands on a line of its own
  const SpanView& first = FirstSpan(spans, tree);
  std::set<std::string_view> services;
  std::size_t errors = 0;
  for (std::size_t node = 0; node < tree.spans; ++node) {
    const SpanView& span = spans[tree.nodes[node].span];
    services.insert(span.service);
    errors += span.error ? 1 : 0;
  }
  const Piece id = {"TRACE " + first.trace_id.ToHex(), Colour::kBold};
  std::vector<Piece> pieces = {{HumanDuration(tree.end - tree.start), Colour::kBold}};
  if (errors > 0) pieces.push_back({"ERROR", Colour::kRed});
  pieces.push_back({Plural(tree.spans, "span") + " " + Plural(services.size(), "service")});
  const bool complete = !cut && tree.complete();
  pieces.push_back(
      {cut ? "cut short" : Completeness(tree), complete ? Colour::kGreen : Colour::kYellow});
  int space = style.LineWidth();
  for (const Piece& piece : pieces) space -= Columns(piece.text) + 2;
  const int beside_id = space - Columns(id.text) - 2;
  std::string what = style.Clean(first.service) + "  " + style.Clean(first.name);
  what = Truncate(what, beside_id >= kShortName ? beside_id : space, style.ellipsis());
  if (!what.empty()) pieces.insert(pieces.begin(), {std::move(what)});
  if (beside_id < kShortName) return style.Line({id}) + "\n" + style.Line(pieces) + "\n";
  pieces.insert(pieces.begin(), id);
  return style.Line(pieces) + "\n";
}

}  // namespace clew::cli
