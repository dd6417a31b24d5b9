#include "agent/context/b3.h"

#include <string>

#include "agent/context/text.h"

namespace clew::context {
namespace {

std::optional<TraceId> ParseTraceId(std::string_view hex) {
  std::optional<TraceId> id;
  if (hex.size() == 16) {
    id = TraceId::FromHex(std::string(16, '0').append(hex));
  } else {
    id = TraceId::FromHex(hex);
  }
  return id && id->valid() ? id : std::nullopt;
}

std::optional<SpanId> ParseSpanId(std::string_view hex) {
  const auto id = SpanId::FromHex(hex);
  return id && id->valid() ? id : std::nullopt;
}

// False when `text` is no decision. "d" (debug) implies sampled; "true" and "false" are an older
// spelling.
bool ParseDecision(std::string_view text, std::optional<bool>& sampled) {
  if (text == "1" || text == "d" || EqualsLower(text, "true")) {
    sampled = true;
  } else if (text == "0" || EqualsLower(text, "false")) {
    sampled = false;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::optional<B3> ParseB3Single(std::string_view value) {
  value = TrimOws(value);
  B3 b3;
  if (ParseDecision(value, b3.sampled)) return b3;

  const std::size_t dash = value.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto trace_id = ParseTraceId(value.substr(0, dash));
  const std::string_view rest = value.substr(dash + 1);
  const auto parent_id = ParseSpanId(rest.substr(0, 16));
  if (!trace_id || !parent_id) return std::nullopt;
  b3.trace_id = *trace_id;
  b3.parent_id = *parent_id;
  if (rest.size() == 16) return b3;

  // "-" decision, then perhaps "-" and the id of the parent's parent, which nobody needs but which
  // must be one.
  if (rest.size() < 18 || rest[16] != '-') return std::nullopt;
  if (!ParseDecision(rest.substr(17, 1), b3.sampled)) return std::nullopt;
  if (rest.size() == 18) return b3;
  if (rest[18] != '-' || !SpanId::FromHex(rest.substr(19))) return std::nullopt;
  return b3;
}

std::optional<B3> ParseB3Multi(const B3Multi& headers) {
  B3 b3;
  const std::string_view sampled = TrimOws(headers.sampled);
  if (TrimOws(headers.flags) == "1") {
    b3.sampled = true;
  } else if (!sampled.empty() && !ParseDecision(sampled, b3.sampled)) {
    return std::nullopt;
  }
  const std::string_view trace = TrimOws(headers.trace_id), span = TrimOws(headers.span_id);
  if (trace.empty() && span.empty()) return b3.sampled ? std::optional(b3) : std::nullopt;
  const auto trace_id = ParseTraceId(trace);
  const auto parent_id = ParseSpanId(span);
  if (!trace_id || !parent_id) return std::nullopt;
  b3.trace_id = *trace_id;
  b3.parent_id = *parent_id;
  return b3;
}

}  // namespace clew::context
