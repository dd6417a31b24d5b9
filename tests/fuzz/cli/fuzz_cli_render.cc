// Any OTLP message that decodes is drawn and written as JSON without a byte that a terminal obeys,
// and as wide as promised.
//
// Input: the first byte chooses width and options, the rest is a TracesData message.
#include <sstream>

#include "base/result.h"
#include "cli/render/json_output.h"
#include "cli/render/otlp_json.h"
#include "cli/render/span_view.h"
#include "cli/render/text.h"
#include "cli/render/waterfall.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace {

using namespace clew::cli;

void CheckLines(const std::string& text, int width) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CLEW_CHECK(Columns(line) <= width);
    CLEW_CHECK(Sanitize(line, false, line.size()) == line);
  }
}

void CheckAscii(const std::string& text) {
  for (const char c : text) CLEW_CHECK(c == '\n' || (c >= 0x20 && c < 0x7f));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  opentelemetry::proto::trace::v1::TracesData traces;
  if (!traces.ParseFromArray(data + 1, static_cast<int>(size - 1))) return 0;
  CheckAscii(TraceJson(traces, {.ascii = true}));
  OtlpJsonWriter otlp({.ascii = true});
  for (const auto& resource_spans : traces.resource_spans()) CheckAscii(otlp.Add(resource_spans));
  CheckAscii(otlp.End());
  const auto spans = ViewSpans(traces);
  if (spans.empty()) return 0;
  const int width = 60 + data[0] / 4;
  const WaterfallOptions options{.all_spans = (data[0] & 1) != 0, .wide = (data[0] & 2) != 0};
  CheckLines(DrawWaterfall(spans, options, {.width = width}), width);
  CheckAscii(DrawWaterfall(spans, options, {.ascii = true, .width = width}));
  return 0;
}
