#include "cli/render/waterfall.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/result.h"
#include "cli/render/bar.h"
#include "cli/render/critical_path.h"
#include "cli/render/headline.h"
#include "cli/render/rows.h"
#include "cli/render/text.h"
#include "cli/render/trace_tree.h"
#include "cli/render/units.h"

namespace clew::cli {
namespace {

constexpr int kMaxBar = 100;  // a longer one is no easier to read
constexpr int kDurationColumns = 7;

// Columns of each part of a line; between label, name, bar and duration stand blanks.
struct Layout {
  int label = 0;  // tree lines and service
  int name = 0;
  int id = 0;  // span id and kind; 0: not shown
  int bar = 0;
  int marks = 0;  // after the duration
};

// A row's texts, cleaned, before they are fitted into their columns.
struct Line {
  std::string tree;     // "  ├ "
  std::string service;  // of a placeholder: what is missing
  std::string name;
  std::string status;  // "✗ 503"; empty without an error
};

class Waterfall {
 public:
  Waterfall(const std::vector<SpanView>& spans, const WaterfallOptions& options, const Style& style)
      : spans_(spans),
        options_(options),
        style_(style),
        tree_(BuildTree(spans)),
        rows_(LayOutRows(spans, tree_, !options.all_spans && !options.wide)) {
    // A trace without one root has no end that its parts could have delayed.
    if (tree_.complete() && !options.cut)
      critical_ = CriticalPath(spans_, tree_, tree_.roots.front());
  }

  std::string Draw() {
    std::vector<Line> lines;
    lines.reserve(rows_.size());
    for (const Row& row : rows_) lines.push_back(MakeLine(row));
    Fit(lines);
    std::string out = DrawHeadline(spans_, tree_, options_.cut, style_) + AxisLine() + "\n";
    for (std::size_t i = 0; i < rows_.size(); ++i) out += DrawLine(rows_[i], lines[i]) + "\n";
    return out + Footer();
  }

 private:
  const SpanView& SpanOf(std::size_t node) const { return spans_[tree_.nodes[node].span]; }
  bool IsPlaceholder(const Row& row) const { return tree_.nodes[row.node].span == kNone; }

  // The time that a row covers: of a folded call the caller's and the service's, which with skewed
  // clocks may not overlap.
  std::uint64_t Begin(const Row& row) const {
    const std::uint64_t begin = SpanOf(row.node).start;
    return row.client == kNone ? begin : std::min(begin, SpanOf(row.client).start);
  }
  std::uint64_t End(const Row& row) const {
    const std::uint64_t end = SpanOf(row.node).end;
    return row.client == kNone ? end : std::max(end, SpanOf(row.client).end);
  }
  // How long the caller waited; by one clock, so that skew does not stretch it.
  std::uint64_t Duration(const Row& row) const {
    return SpanOf(row.client == kNone ? row.node : row.client).duration();
  }

  std::uint64_t OnCriticalPath(const Row& row) const {
    if (critical_.empty()) return 0;
    return critical_[row.node] + (row.client == kNone ? 0 : critical_[row.client]);
  }

  std::string Tree(const Row& row) const {
    if (row.depth == 0) return {};
    const std::uint32_t drawn = std::min(row.depth, kMaxDrawnDepth);
    std::string out;
    for (std::uint32_t level = 1; level < drawn; ++level) {
      out += (row.guides & (1u << level)) != 0 ? (style_.ascii ? "| " : "│ ") : "  ";
    }
    out += style_.ascii ? (row.last ? "` " : "+ ") : (row.last ? "└ " : "├ ");
    if (row.depth > kMaxDrawnDepth) out += fmt::format("+{} ", row.depth - kMaxDrawnDepth);
    return out;
  }

  Line MakeLine(const Row& row) const {
    Line line;
    line.tree = Tree(row);
    if (IsPlaceholder(row)) {
      line.service = "(missing)";
      line.name = "span " + tree_.nodes[row.node].missing.ToHex() + " was not received";
      return line;
    }
    const SpanView& span = SpanOf(row.node);
    line.service = span.service.empty() ? "(no service)" : style_.Clean(span.service);
    line.name = style_.Clean(span.name);
    if (!span.peer.empty()) line.name += (style_.ascii ? " -> " : " → ") + style_.Clean(span.peer);
    if (span.joined) line.name += " (joined)";
    if (tree_.nodes[row.node].loop) line.name += " (its own ancestor)";
    const SpanView& failed = span.error || row.client == kNone ? span : SpanOf(row.client);
    if (failed.error) line.status = (style_.ascii ? "! " : "✗ ") + style_.Clean(failed.status);
    return line;
  }

  // Labels as wide as the widest, as long as a fair part of the line is left for the bars.
  void Fit(const std::vector<Line>& lines) {
    constexpr int kMinPart = 10;  // of label and name each, before the other has to give way
    int label = 0, name = 0, status = 0;
    for (const Line& line : lines) {
      label = std::max(label, Columns(line.tree) + Columns(line.service));
      name = std::max(name, Columns(line.name));
      status = std::max(status, Columns(line.status));
    }
    const int width = style_.LineWidth();
    layout_.marks = std::min(status, width / 6) + (critical_.empty() ? 0 : 2);
    layout_.id = options_.wide && width >= 100 ? 16 + 1 + 8 : 0;  // narrower, the bars matter more
    const int blanks = 1 + 2 + 1 + (layout_.marks > 0 ? 1 : 0) + (layout_.id > 0 ? 1 : 0);
    const int free = width - blanks - kDurationColumns - layout_.marks - layout_.id;
    const int texts = free * 11 / 20;
    layout_.label = std::min(label, std::max(kMinPart, texts - std::min(name, texts / 2)));
    layout_.name = std::min(name, std::max(kMinPart, texts - layout_.label));
    layout_.bar = std::clamp(free - layout_.label - layout_.name, 8, kMaxBar);
    axis_ = {.start = tree_.start, .end = tree_.end, .columns = layout_.bar};
  }

  std::string AxisLine() const {
    const int texts = layout_.label + 1 + layout_.name + (layout_.id > 0 ? layout_.id + 1 : 0);
    const std::string time = HumanTime(UnixNanosFrom(tree_.start));
    return style_.Paint(Colour::kDim, FitLeft(Columns(time) <= texts ? time : "", texts, "") +
                                          "  " + DrawTicks(axis_));
  }

  std::string DrawLine(const Row& row, const Line& line) const {
    const std::string_view ellipsis = style_.ellipsis();
    // Tree lines never push the service out of its column altogether.
    const std::string tree = Truncate(line.tree, std::max(0, layout_.label - 4), ellipsis);
    const int service_columns = layout_.label - Columns(tree);
    const bool placeholder = IsPlaceholder(row);
    const Colour colour = placeholder ? Colour::kDim : ColourOf(line.service);
    const std::string service = FitLeft(line.service, service_columns, ellipsis);
    const std::string name = placeholder
                                 ? Truncate(line.name, layout_.name + 2 + layout_.bar, ellipsis)
                                 : FitLeft(line.name, layout_.name, ellipsis);
    std::string out = style_.Paint(Colour::kDim, tree) + style_.Paint(colour, service) + " ";
    if (placeholder) return out + style_.Paint(Colour::kDim, name);
    out += (line.status.empty() ? name : style_.Paint(Colour::kRed, name)) + " ";
    const SpanView& span = SpanOf(row.node);
    if (layout_.id > 0) {
      out += " " + style_.Paint(Colour::kDim, span.span_id.ToHex() + " " +
                                                  FitLeft(KindName(span.kind), 8, ellipsis));
    }
    out += " " + style_.Paint(colour, DrawBar(axis_, Begin(row), End(row), span.start, span.end,
                                              style_.ascii));
    out += " " + FitRight(HumanDuration(Duration(row)), kDurationColumns, ellipsis);
    return out + Marks(row, line);
  }

  std::string Marks(const Row& row, const Line& line) const {
    if (layout_.marks == 0) return {};
    const bool critical = OnCriticalPath(row) > 0;
    std::string out;
    if (!critical_.empty()) {
      if (!critical && line.status.empty()) return {};
      out += critical ? style_.Paint(Colour::kYellow, style_.ascii ? " *" : " ●") : "  ";
    }
    if (line.status.empty()) return out;
    const int space = layout_.marks - (critical_.empty() ? 0 : 2);
    return out + " " + style_.Paint(Colour::kRed, Truncate(line.status, space, style_.ellipsis()));
  }

  std::string Footer() const {
    const int width = style_.LineWidth();
    std::string out;
    const std::string path = CriticalPathLine();
    if (!path.empty()) out += Truncate(path, width, style_.ellipsis()) + "\n";
    std::vector<Piece> legend;
    if (std::any_of(rows_.begin(), rows_.end(),
                    [](const Row& row) { return row.client != kNone; })) {
      legend.push_back({style_.ascii ? "# at work  - on the way between caller and service"
                                     : "█ at work  ░ on the way between caller and service",
                        Colour::kDim});
    }
    if (!critical_.empty() && rows_.size() > 1) {
      legend.push_back({style_.ascii ? "* critical path" : "● critical path", Colour::kDim});
    }
    if (!legend.empty()) out += style_.Line(legend) + "\n";
    if (tree_.duplicates > 0) {
      out +=
          style_.Paint(Colour::kDim, Plural(tree_.duplicates, "duplicate") + " not shown") + "\n";
    }
    return out;
  }

  // The rows that the trace waited for longest; nothing for a trace of a single row, which says
  // nothing new.
  std::string CriticalPathLine() const {
    constexpr std::size_t kMostRows = 3;
    if (critical_.empty() || rows_.size() < 2) return {};
    const std::uint64_t whole = SpanOf(tree_.roots.front()).duration();
    std::vector<const Row*> longest;
    for (const Row& row : rows_) longest.push_back(&row);
    std::stable_sort(longest.begin(), longest.end(), [this](const Row* a, const Row* b) {
      return OnCriticalPath(*a) > OnCriticalPath(*b);
    });
    std::string out;
    for (std::size_t i = 0; i < std::min(kMostRows, longest.size()); ++i) {
      const std::uint64_t nanos = OnCriticalPath(*longest[i]);
      const double percent = 100.0 * static_cast<double>(nanos) / static_cast<double>(whole);
      if (!(percent >= 1)) break;  // also when the root took no time at all
      const SpanView& span = SpanOf(longest[i]->node);
      out += fmt::format("{}{} {} {} ({:.0f}%)", out.empty() ? "critical path: " : ", ",
                         style_.Clean(span.service), style_.Clean(span.name), HumanDuration(nanos),
                         percent);
    }
    return out;
  }

  const std::vector<SpanView>& spans_;
  const WaterfallOptions options_;
  const Style& style_;
  const TraceTree tree_;
  const std::vector<Row> rows_;
  std::vector<std::uint64_t> critical_;  // by node; empty when there is no path to show
  Layout layout_;
  Axis axis_;
};

}  // namespace

std::string DrawWaterfall(const std::vector<SpanView>& spans, const WaterfallOptions& options,
                          const Style& style) {
  CLEW_CHECK(!spans.empty());
  return Waterfall(spans, options, style).Draw();
}

}  // namespace clew::cli
