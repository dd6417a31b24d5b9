#include "cli/render/explain.h"

#include "base/hex.h"
#include "cli/commands/command.h"
#include "cli/commands/held_trace.h"
#include "cli/commands/times.h"
#include "cli/render/json_dump.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

using opentelemetry::proto::trace::v1::TracesData;

// A span id alone is looked for in so many traces at most, newest first.
constexpr std::uint32_t kMaxTraces = 1000;

std::optional<std::size_t> IndexOf(const std::vector<SpanView>& spans, const SpanId& id) {
  for (std::size_t at = 0; at < spans.size(); ++at) {
    if (spans[at].span_id == id) return at;
  }
  return std::nullopt;
}

// The newest traces of the time range.
Status Candidates(const Context& context, std::vector<std::string>& traces) {
  query::v1::SearchTracesRequest request;
  request.set_limit(kMaxTraces);
  SetTimes(context.options.filter, request);
  query::v1::PageEnd end;
  return context.client.SearchTraces(
      request,
      [&](const query::v1::TraceSummary& trace) { traces.push_back(ToHex(trace.trace_id())); },
      end);
}

Answer Draw(const Context& context, const std::vector<SpanView>& spans, std::size_t at) {
  if (const auto json = ListJson(context)) return {.out = ExplanationJson(spans, at, *json)};
  return {.out = DrawExplanation(spans, at, context.style)};
}

}  // namespace

Answer RunExplain(const Context& context) {
  const SpanId id = context.options.span_id;
  std::vector<std::string> traces;
  if (!context.options.trace_id.empty()) {
    traces.push_back(context.options.trace_id);
  } else if (const Status found = Candidates(context, traces); !found) {
    return Failure(context, found.error());
  }
  for (const std::string& trace : traces) {
    TracesData data;
    const Status fetched = HoldTrace(context.client, trace, data);
    const std::vector<SpanView> spans = ViewSpans(data);
    if (const auto at = IndexOf(spans, id)) return Draw(context, spans, *at);
    if (!fetched && !context.options.trace_id.empty()) return Failure(context, fetched.error());
  }
  const std::string where = context.options.trace_id.empty()
                                ? "the newest " + std::to_string(traces.size()) +
                                      " traces of this time: give --since, or TRACE_ID:SPAN_ID"
                                : "trace " + context.options.trace_id;
  return Failure(context, {Code::kNotFound, "no span " + id.ToHex() + " in " + where});
}

}  // namespace clew::cli
