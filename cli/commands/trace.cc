#include "cli/commands/command.h"
#include "cli/render/otlp_json.h"
#include "cli/render/span_view.h"
#include "cli/render/waterfall.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

using opentelemetry::proto::trace::v1::TracesData;

// What is drawn is held in memory, so its size has an end; OTLP is written as it comes.
constexpr std::size_t kMaxHeldBytes = std::size_t{1} << 30;

std::string Draw(const Context& context, const TracesData& traces,
                 const std::vector<SpanView>& spans) {
  switch (context.options.format) {
    case Format::kJson:
    case Format::kJsonLines:
      return TraceJson(traces, *ListJson(context));
    case Format::kName:
      return spans.front().trace_id.ToHex() + "\n";
    default:
      break;
  }
  const WaterfallOptions options{.all_spans = context.options.all_spans,
                                 .wide = context.options.format == Format::kWide};
  return DrawWaterfall(spans, options, context.style);
}

Answer NoSpans(const Context& context, const Status& status) {
  if (!status) return Failure(context, status.error());
  return Failure(context, {Code::kNotFound, "no spans of trace " + context.options.trace_id});
}

Answer StreamOtlp(const Context& context) {
  OtlpJsonWriter otlp(context.json);
  bool any = false;
  const Status status =
      context.client.GetTrace(context.options.trace_id, [&](query::v1::GetTraceResponse& chunk) {
        bool wanted = true;
        for (const auto& resource_spans : chunk.resource_spans()) {
          any = true;
          wanted = wanted && context.write(otlp.Add(resource_spans));
        }
        return wanted;
      });
  if (!any) return NoSpans(context, status);
  if (!status) return CutShort(context, status.error(), otlp.End());
  return {.out = otlp.End()};
}

Status Hold(const Context& context, TracesData& traces) {
  std::size_t bytes = 0;
  const Status status =
      context.client.GetTrace(context.options.trace_id, [&](query::v1::GetTraceResponse& chunk) {
        bytes += chunk.ByteSizeLong();
        if (bytes > kMaxHeldBytes) return false;
        for (auto& resource_spans : *chunk.mutable_resource_spans()) {
          traces.add_resource_spans()->Swap(&resource_spans);
        }
        return true;
      });
  if (status && bytes > kMaxHeldBytes) {
    return Error{Code::kExhausted, "the trace is larger than 1 GiB; -o otlp writes all of it"};
  }
  return status;
}

}  // namespace

Answer RunTrace(const Context& context) {
  if (context.options.format == Format::kOtlp) return StreamOtlp(context);
  TracesData traces;
  const Status status = Hold(context, traces);
  const std::vector<SpanView> spans = ViewSpans(traces);
  if (spans.empty()) return NoSpans(context, status);
  std::string out = Draw(context, traces, spans);
  if (!status) return CutShort(context, status.error(), std::move(out));
  return {.out = std::move(out)};
}

}  // namespace clew::cli
