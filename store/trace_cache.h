// The writer's memory of the traces that are growing: their summaries and which spans they hold
// already.
//
// It only saves reads: what is not here is loaded from the database again. Used by one thread at a
// time.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "store/summary.h"

namespace clew::store {

struct TraceState {
  Summary summary;                    // span_count 0: the trace is new
  std::vector<std::uint64_t> stored;  // fingerprints of its spans, sorted, unique
};

class TraceCache {
 public:
  explicit TraceCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // The state of a trace, now the most recently used one; nothing when it is not here. Valid until
  // Trim or Clear.
  TraceState* Find(const TraceId& trace);
  TraceState* Insert(const TraceId& trace, TraceState state);
  // Forgets the least recently used traces beyond the bound. Call it when all states here are on
  // disk.
  void Trim();
  void Clear();
  std::size_t size() const { return by_trace_.size(); }

 private:
  struct Entry {
    TraceId trace;
    TraceState state;
    std::size_t bytes = 0;  // as last accounted
  };
  using Entries = std::list<Entry>;
  void Account(Entry& entry);

  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  Entries entries_;  // most recently used first
  std::vector<Entry*> touched_;
  std::unordered_map<TraceId, Entries::iterator> by_trace_;
};

}  // namespace clew::store
