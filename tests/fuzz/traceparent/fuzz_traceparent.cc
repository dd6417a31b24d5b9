// traceparent, tracestate and B3 from any header values: one a line, by their place. What is
// accepted is valid and survives being written and read again.
#include <array>
#include <cstdint>
#include <string_view>

#include "agent/context/extract.h"
#include "agent/context/traceparent.h"
#include "agent/context/tracestate.h"
#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clew::context;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::array<std::string_view, 8> lines;
  for (std::string_view& line : lines) {
    const std::size_t end = rest.find('\n');
    line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }

  if (const auto parent = ParseTraceparent(lines[0])) {
    CLEW_CHECK(parent->trace_id.valid() && parent->parent_id.valid() &&
               (parent->flags & ~kKnownFlags) == 0);
    const auto again =
        ParseTraceparent(FormatTraceparent(parent->trace_id, parent->parent_id, parent->flags));
    CLEW_CHECK(again && again->trace_id == parent->trace_id &&
               again->parent_id == parent->parent_id && again->flags == parent->flags);
  }
  const std::array<std::string_view, 2> state = {lines[1], lines[2]};
  if (const auto combined = CombineTracestate(state)) {
    CLEW_CHECK(combined->size() <= kMaxTracestateSize);
    const std::array<std::string_view, 1> once = {*combined};
    CLEW_CHECK(CombineTracestate(once) == combined);
  }

  PropagationHeaders headers;
  headers.traceparent_count = lines[0].empty() ? 0 : 1;
  headers.traceparent = lines[0];
  headers.tracestate = {lines[1], lines[2]};
  headers.b3 = lines[3];
  headers.b3_multi = {
      .trace_id = lines[4], .span_id = lines[5], .sampled = lines[6], .flags = lines[7]};
  const Extracted extracted = Extract(headers);
  CLEW_CHECK((extracted.carrier != Carrier::kNone) == extracted.trace_id.valid());
  CLEW_CHECK(extracted.trace_id.valid() == extracted.parent_id.valid());
  CLEW_CHECK(extracted.trace_state.empty() || extracted.carrier == Carrier::kTraceparent);
  return 0;
}
