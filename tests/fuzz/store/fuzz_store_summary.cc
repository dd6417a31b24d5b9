// The summary decoder: what it accepts keeps its order, takes a span, and comes back from its own
// bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/summary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto summary = clew::store::DecodeSummary({reinterpret_cast<const char*>(data), size});
  if (!summary) return 0;
  clew::store::SpanRecord span;
  span.service = "shop";
  span.name = "GET /";
  summary->Add(clew::store::GlanceAt(span));
  const std::string bytes = clew::store::EncodeSummary(*summary);
  const auto again = clew::store::DecodeSummary(bytes);
  if (!again || clew::store::EncodeSummary(*again) != bytes) std::abort();
  return 0;
}
