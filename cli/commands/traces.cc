#include <vector>

#include "base/ids.h"
#include "cli/commands/command.h"
#include "cli/render/table.h"
#include "cli/render/units.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

using query::v1::TraceSummary;

query::v1::SearchTracesRequest MakeRequest(const TraceFilter& filter) {
  query::v1::SearchTracesRequest request;
  request.set_service(filter.service);
  request.set_operation(filter.operation);
  if (filter.from) request.set_start_min_unix_nano(ToUint64(std::max(*filter.from, UnixNanos{})));
  if (filter.to)
    request.set_start_max_unix_nano(
        ToUint64(std::max(*filter.to, UnixNanosFrom(1))));  // 0 would be no bound
  request.set_duration_min_nano(static_cast<std::uint64_t>(filter.min_duration.count()));
  request.set_duration_max_nano(static_cast<std::uint64_t>(filter.max_duration.count()));
  request.set_errors_only(filter.errors);
  request.set_limit(filter.limit);
  return request;
}

std::string Hex(const TraceSummary& trace) {
  return TraceId::FromBytes(trace.trace_id()).value_or(TraceId{}).ToHex();
}

std::string Services(const Context& context, const TraceSummary& trace) {
  std::string all;
  for (const std::string& service : trace.services())
    all += (all.empty() ? "" : ",") + context.style.Clean(service);
  return all;
}

std::string DrawTraces(const Context& context, const std::vector<TraceSummary>& traces) {
  const bool wide = context.options.format == Format::kWide;
  std::vector<TableColumn> columns = {{"TRACE ID"},    {"START (UTC)"},  {"DURATION", true},
                                      {"SPANS", true}, {"ERRORS", true}, {"SERVICE"}};
  if (wide) columns.push_back({"SERVICES"});
  columns.push_back({"OPERATION"});
  std::vector<std::vector<TableCell>> rows;
  for (const TraceSummary& trace : traces) {
    const std::string id = Hex(trace);
    const Colour failed = trace.error_count() > 0 ? Colour::kRed : Colour::kNone;
    // Half of an id is enough to tell traces apart, and `tracectl trace` takes it.
    std::vector<TableCell> row = {
        {wide ? id : id.substr(0, 16)},
        {HumanTime(UnixNanosFrom(trace.start_unix_nano()))},
        {HumanDuration(trace.duration_nano())},
        {std::to_string(trace.span_count())},
        {std::to_string(trace.error_count()), failed},
        {context.style.Clean(trace.root_service()), ColourOf(trace.root_service())}};
    if (wide) row.push_back({Services(context, trace)});
    row.push_back({context.style.Clean(trace.root_name()) +
                   (trace.has_root() ? "" : " (root span missing)")});
    rows.push_back(std::move(row));
  }
  return DrawTable(columns, rows, context.style);
}

std::string Draw(const Context& context, const std::vector<TraceSummary>& traces) {
  std::string out;
  switch (context.options.format) {
    case Format::kName:
      for (const TraceSummary& trace : traces) out += Hex(trace) + "\n";
      return out;
    case Format::kJsonLines:
      for (const TraceSummary& trace : traces)
        out += TraceSummaryJson(trace, {context.json.ascii, false});
      return out;
    case Format::kJson:
      return TracesJson(traces, context.json);
    default:
      return traces.empty() ? "" : DrawTraces(context, traces);
  }
}

}  // namespace

Answer RunTraces(const Context& context) {
  std::vector<TraceSummary> traces;
  const Status status =
      context.client.SearchTraces(MakeRequest(context.options.filter),
                                  [&](const TraceSummary& trace) { traces.push_back(trace); });
  if (!status && traces.empty()) return Failure(context, status.error());
  std::string out = Draw(context, traces);
  if (!status) return CutShort(context, status.error(), std::move(out));
  Answer answer{.out = std::move(out)};
  if (traces.empty()) Note(context, answer, "No traces match.");
  if (traces.size() == context.options.filter.limit) {
    Note(context, answer,
         "The newest " + std::to_string(traces.size()) + " are shown; --limit shows more.");
  }
  return answer;
}

}  // namespace clew::cli
