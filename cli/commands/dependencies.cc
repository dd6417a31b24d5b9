#include <algorithm>
#include <cmath>

#include "cli/commands/command.h"
#include "cli/commands/times.h"
#include "cli/render/list_json.h"
#include "cli/render/table.h"
#include "cli/render/units.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

// Estimates are no whole numbers, and come from another process.
std::string Count(double estimate) {
  constexpr double kMost = 1e18;
  const double sane = std::isnan(estimate) ? 0 : std::clamp(estimate, 0.0, kMost);
  return HumanCount(static_cast<std::uint64_t>(std::llround(sane)));
}

std::string DrawDependencies(const Context& context,
                             const query::v1::GetDependenciesResponse& graph) {
  std::vector<std::vector<TableCell>> rows;
  for (const auto& edge : graph.edges()) {
    rows.push_back({{context.style.Clean(edge.caller()), ColourOf(edge.caller())},
                    {context.style.Clean(edge.callee()), ColourOf(edge.callee())},
                    {Count(edge.calls())},
                    {Count(edge.errors()), edge.errors() > 0 ? Colour::kRed : Colour::kNone},
                    {HumanDuration(edge.p50_nano())},
                    {HumanDuration(edge.p95_nano())},
                    {HumanDuration(edge.p99_nano())}});
  }
  return DrawTable({{"CALLER"},
                    {"CALLEE"},
                    {"CALLS", true},
                    {"ERRORS", true},
                    {"P50", true},
                    {"P95", true},
                    {"P99", true}},
                   rows, context.style);
}

}  // namespace

Answer RunDependencies(const Context& context) {
  query::v1::GetDependenciesRequest request;
  SetTimes(context.options.filter, request);
  query::v1::GetDependenciesResponse graph;
  if (const Status status = context.client.GetDependencies(request, graph); !status)
    return Failure(context, status.error());
  Answer answer;
  if (const auto json = ListJson(context)) {
    answer.out = DependenciesJson(graph, *json);
  } else if (graph.edges_size() == 0) {
    Note(context, answer, "No service called another in that time.");
  } else {
    answer.out = DrawDependencies(context, graph);
  }
  NoteTruncated(context, answer, graph.truncated());
  return answer;
}

}  // namespace clew::cli
