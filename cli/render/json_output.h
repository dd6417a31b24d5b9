// tracectl's own JSON, for scripts. Stable: fields are added, never renamed or removed within one
// version of a schema. The schemas are in tracectl(1).
//
// Invalid UTF-8 becomes U+FFFD. With `ascii`, everything above 0x7e is written as \uXXXX, so that
// no byte of a span's text reaches a terminal as a control character.
#pragma once

#include <string>
#include <vector>

#include "cli/render/span_view.h"

namespace clew::query::v1 {
class PageEnd;
class TraceSummary;
class ListServicesResponse;
class GetStatusResponse;
}  // namespace clew::query::v1

namespace clew::cli {

struct JsonOptions {
  bool ascii = false;
  bool pretty = true;  // several lines, indented; else one line
};

// Schema clew.trace/v1. The same spans as the waterfall's: no duplicates, ordered by start.
std::string TraceJson(const opentelemetry::proto::trace::v1::TracesData& traces,
                      const JsonOptions& options);
// Schema clew.span/v1: a line for one span, which must have its source; what takes the other spans
// to know is not in it.
std::string SpanLine(const SpanView& span, const JsonOptions& options);
// Schema clew.traces/v1, and one element of its "traces".
std::string TracesJson(const std::vector<query::v1::TraceSummary>& traces,
                       const query::v1::PageEnd& end, const JsonOptions& options);
std::string TraceSummaryJson(const query::v1::TraceSummary& trace, const JsonOptions& options);
// Schemas clew.services/v1 and clew.status/v1.
std::string ServicesJson(const query::v1::ListServicesResponse& services,
                         const JsonOptions& options);
std::string StatusJson(const query::v1::GetStatusResponse& status, const std::string& server,
                       const JsonOptions& options);

}  // namespace clew::cli
