// A trace drawn over time: a line per call, its place in the tree at the left, when it ran at the
// right.
//
//   TRACE 4bf92f3577b34da6a3ce929d0e0e4736  frontend  GET /orders/{id}  212ms  ERROR  7 spans 4
//   services  complete 2025-11-23 06:33:00.123Z        0        50       100       150   212ms
//   frontend   GET /orders/{id}     ████████████████████████████████████████    212ms ●
//   └ checkout GET /orders/{id}      ░░█████████████████████████████████████    204ms ●
//     ├ pg     SELECT orders           ██▏                                     14.2ms
//     └ pay    POST /charge               ░░░██████████████████████████████▏    171ms ● ✗ 503
//   critical path: pay POST /charge 158ms (75%), checkout GET /orders/{id} 33.0ms (16%)
//   █ at work  ░ on the way: sent by the caller, not (or no longer) in the service  ● critical path
#pragma once

#include <string>
#include <vector>

#include "cli/render/span_view.h"
#include "cli/render/style.h"

namespace clew::cli {

struct WaterfallOptions {
  bool all_spans = false;  // a line per span, instead of one for a client span and the server span
                           // that answers it
  bool wide = false;       // span id and kind on each line; implies all_spans
  bool cut = false;        // the trace goes on behind the spans: whatever follows from all of them
                           // is not said
};

// `spans` belong to one trace and are at least one. The result ends with a line break and holds no
// control character but those of Style's colours. No line is wider than style.width, which counts
// as 60 at least.
std::string DrawWaterfall(const std::vector<SpanView>& spans, const WaterfallOptions& options,
                          const Style& style);

}  // namespace clew::cli
