#include "cli/commands/command.h"
#include "cli/render/span_view.h"
#include "cli/render/waterfall.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace clew::cli {
namespace {

std::string Draw(const Context& context, const opentelemetry::proto::trace::v1::TracesData& traces,
                 const std::vector<SpanView>& spans) {
  JsonOptions json = context.json;
  switch (context.options.format) {
    case Format::kJson:
    case Format::kJsonLines:
      json.pretty = context.options.format == Format::kJson;
      return TraceJson(traces, json);
    case Format::kOtlp:
      return OtlpJson(traces, json);
    case Format::kName:
      return spans.front().trace_id.ToHex() + "\n";
    case Format::kTable:
    case Format::kWide:
      break;
  }
  const WaterfallOptions options{.all_spans = context.options.all_spans,
                                 .wide = context.options.format == Format::kWide};
  return DrawWaterfall(spans, options, context.style);
}

}  // namespace

Answer RunTrace(const Context& context) {
  opentelemetry::proto::trace::v1::TracesData traces;
  const Status status = context.client.GetTrace(context.options.trace_id, traces);
  const std::vector<SpanView> spans = ViewSpans(traces);
  if (spans.empty()) {
    if (!status) return Failure(context, status.error());
    return Failure(context, {Code::kNotFound, "no spans of trace " + context.options.trace_id});
  }
  std::string out = Draw(context, traces, spans);
  if (!status) return CutShort(context, status.error(), std::move(out));
  return {.out = std::move(out)};
}

}  // namespace clew::cli
