#include "cli/commands/command.h"
#include "cli/commands/held_trace.h"
#include "cli/render/otlp_json.h"
#include "cli/render/span_view.h"
#include "cli/render/waterfall.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

using opentelemetry::proto::trace::v1::TracesData;

// OTLP, JSON lines and names are written as they come. A drawing and a JSON object (see HoldTrace)
// are held in memory until they are whole, so their sizes have an end.
constexpr std::size_t kMaxDrawnSpans = 100'000;

Answer NoSpans(const Context& context, const Status& status) {
  if (!status) return Failure(context, status.error());
  return Failure(context, {Code::kNotFound, "no spans of trace " + context.options.trace_id});
}

// Asks for the trace and hands over each chunk as a TracesData, until `each` returns false.
template <typename Each>
Status EachChunk(const Context& context, Each each) {
  return context.client.GetTrace(context.options.trace_id, [&](query::v1::GetTraceResponse& chunk) {
    TracesData traces;
    traces.mutable_resource_spans()->Swap(chunk.mutable_resource_spans());
    return each(traces);
  });
}

Answer StreamOtlp(const Context& context) {
  OtlpJsonWriter otlp(context.json);
  bool any = false;
  const Status status = EachChunk(context, [&](const TracesData& traces) {
    bool wanted = true;
    for (const auto& resource_spans : traces.resource_spans()) {
      any = true;
      wanted = wanted && context.write(otlp.Add(resource_spans));
    }
    return wanted;
  });
  if (!any) return NoSpans(context, status);
  if (!status) return CutShort(context, status.error(), otlp.End());
  return {.out = otlp.End()};
}

Answer StreamLines(const Context& context) {
  bool any = false;
  const Status status = EachChunk(context, [&](const TracesData& traces) {
    std::string lines;
    for (const SpanView& span : ViewSpans(traces)) {
      any = true;
      lines += SpanLine(span, context.json);
    }
    return context.write(lines);
  });
  if (!any) return NoSpans(context, status);
  if (!status) return CutShort(context, status.error(), {});
  return {};
}

Answer Name(const Context& context) {
  std::string name;
  const Status status = EachChunk(context, [&](const TracesData& traces) {
    const std::vector<SpanView> spans = ViewSpans(traces);
    if (!spans.empty()) name = spans.front().trace_id.ToHex() + "\n";
    return spans.empty();
  });
  return name.empty() ? NoSpans(context, status) : Answer{.out = std::move(name)};
}

Answer Object(const Context& context) {
  TracesData held;
  const Status status = HoldTrace(context.client, context.options.trace_id, held);
  if (held.resource_spans().empty()) return NoSpans(context, status);
  std::string out = TraceJson(held, context.json);
  if (!status) return CutShort(context, status.error(), std::move(out));
  return {.out = std::move(out)};
}

Answer Drawing(const Context& context) {
  std::vector<SpanView> spans;
  bool cut = false;
  Status status = EachChunk(context, [&](const TracesData& traces) {
    for (SpanView& span : ViewSpans(traces)) {
      cut = spans.size() == kMaxDrawnSpans;
      if (cut) break;
      span.source = nullptr;  // goes with the chunk
      span.resource = nullptr;
      spans.push_back(std::move(span));
    }
    return !cut;
  });
  if (spans.empty()) return NoSpans(context, status);
  if (status && cut) {
    status =
        Error{Code::kExhausted,
              "these are the first 100,000 spans of a larger trace; -o jsonl and -o otlp write "
              "all of them"};
  }
  const WaterfallOptions options{.all_spans = context.options.all_spans,
                                 .wide = context.options.format == Format::kWide,
                                 .cut = !status};
  std::string out = DrawWaterfall(spans, options, context.style);
  if (!status) return CutShort(context, status.error(), std::move(out));
  return {.out = std::move(out)};
}

}  // namespace

Answer RunTrace(const Context& context) {
  switch (context.options.format) {
    case Format::kOtlp:
      return StreamOtlp(context);
    case Format::kJsonLines:
      return StreamLines(context);
    case Format::kName:
      return Name(context);
    case Format::kJson:
      return Object(context);
    default:
      return Drawing(context);
  }
}

}  // namespace clew::cli
