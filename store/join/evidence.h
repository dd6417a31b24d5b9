// What a span says about a trace that it may belong to. Attributes: docs/causality.md, "Between
// processes".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "store/span_record.h"

namespace clew::store {

// Where on the wire a request began: hash of the client's address and port, the server's, and the
// TCP sequence number of the first byte. Both ends of a connection have the same one.
struct WireKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const WireKey&) const = default;
};

// An agent found out later whose call a span is that has no parent.
struct AliasClaim {
  TraceId trace;
  SpanId span;
  std::string method;  // "alias" unless the agent says more
  std::uint16_t confidence = 0;
};

struct JoinEvidence {
  std::optional<WireKey> wire;  // of CLIENT spans, and of SERVER spans without a parent
  std::optional<AliasClaim> claim;
};

// Of any other span, and of malformed or contradictory attributes: nothing.
JoinEvidence ReadJoinEvidence(const SpanRecord& span);

inline constexpr std::uint8_t kServerKind = 2;  // OTLP's numbers
inline constexpr std::uint8_t kClientKind = 3;

}  // namespace clew::store
