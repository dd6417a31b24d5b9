// Where a page ended: a place in the order of traces, and the state of the store that the first
// page saw. Opaque to clients, checked when it comes back.
//
// Text: base64url of
//   version u8 = 1 | order u8 | fingerprint u64be | horizon u64be | start_ns u64be | duration_ns
//   u64be | trace_id[16] | check u32be
// `fingerprint` ties it to the conditions of its query (limit and time range may change from page
// to page), `check` is the XXH3 of all before it: a typed or cut one is refused, not misread.
// Neither is a secret; a forged cursor can only name another place.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "store/query/query.h"

namespace clew::store {

// A trace's place in an order.
struct Place {
  UnixNanos start{};
  std::chrono::nanoseconds duration{0};  // counts in kSlowest only
  TraceId trace;
  bool operator==(const Place&) const = default;
};
inline Place PlaceOf(const TraceSummary& summary) {
  return {summary.start, summary.end - summary.start, summary.trace_id};
}
// True when `a` is listed before `b`.
bool Precedes(Order order, const Place& a, const Place& b);
// Orders what has a `place`.
struct ByPlace {
  Order order;
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return Precedes(order, a.place, b.place);
  }
};

struct Cursor {
  Place after;                // the next page begins with the first trace behind it
  std::uint64_t horizon = 0;  // the store's own: what was written when the first page was asked
  bool operator==(const Cursor&) const = default;
};

std::string EncodeCursor(const Query& query, const Cursor& cursor);
// The cursor of `query.cursor`; nothing when that is empty. kInvalid when it is damaged, of another
// version, or of another query.
Result<std::optional<Cursor>> DecodeCursor(const Query& query);

}  // namespace clew::store
