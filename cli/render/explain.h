// Why a span has the parent that it has, or none: what the span itself carries, in words.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/render/json_output.h"
#include "cli/render/span_view.h"
#include "cli/render/style.h"

namespace clew::cli {

struct Explanation {
  std::string method;      // clew.link.method; "header", "sdk" or "none" where the span has none
  std::string confidence;  // 0 to 1; empty: nothing was decided
  std::string none;        // clew.link.none
  std::string inject;      // clew.inject
  std::vector<std::string> reasons;  // sentences
};

// `spans` are those of the trace, `at` the one to explain; both from ViewSpans.
Explanation Explain(const std::vector<SpanView>& spans, std::size_t at);

std::string DrawExplanation(const std::vector<SpanView>& spans, std::size_t at,
                            const Style& style);
// Schema clew.explain/v1.
std::string ExplanationJson(const std::vector<SpanView>& spans, std::size_t at,
                            const JsonOptions& options);

}  // namespace clew::cli
