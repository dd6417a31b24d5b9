// Decides which traces belong to others as spans come in.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/join/alias.h"
#include "store/join/join_table.h"
#include "store/span_record.h"

namespace clew::store {

// A call between processes that is one only since its two ends were joined.
struct JoinedCall {
  std::string caller;  // services
  std::string callee;
  UnixNanos start{};  // of the called span
  std::chrono::nanoseconds duration{0};
  bool error = false;
  double weight = 1;
};

// What an append decides, to be stored with it.
struct Joins {
  std::vector<WaitingSpan> waiting;  // also those that found their other end at once
  std::unordered_map<TraceId, Alias> aliases;
  std::unordered_map<TraceId, FamilyExtent> extents;  // as they are with these aliases
  std::vector<JoinedCall> calls;
};

struct JoinCounters {
  std::uint64_t joined = 0;     // calls whose two ends were found
  std::uint64_t claimed = 0;    // aliases that agents found out
  std::uint64_t ambiguous = 0;  // spans at a place on the wire that others claim, too
  std::uint64_t refused = 0;  // aliases that would change one, make a circle, or be beyond a bound
  std::uint64_t unmatched = 0;  // ends without another one
};

enum class AliasVerdict : std::uint8_t { kMade, kMadeBefore, kRefused };

// One thread.
class Joiner {
 public:
  // A span that the store did not have, brought by append `sequence` at `now`. `reader`: what is
  // stored, without `joins`. Errors: of the reader.
  Status Add(const SpanRecord& span, std::uint64_t sequence, UnixNanos now,
             const AliasReader& reader, Joins& joins);
  // The same for one that was stored before a restart, in the order in which they came: what it
  // decided then is stored already. Gives the call that it completed.
  Status Replay(WaitingSpan span, const AliasReader& reader, std::vector<JoinedCall>& calls);
  // Forgets all waiting spans, for them to be replayed.
  void Clear();

  JoinCounters counters() const;
  std::uint64_t oldest(std::uint64_t none) const { return table_.oldest(none); }

 private:
  void Count(AliasVerdict verdict, std::uint64_t& made);

  JoinTable table_;
  JoinCounters counters_;
};

}  // namespace clew::store
