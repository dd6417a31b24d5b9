// The writer's memory of traces that grow: which spans they hold already, where their sealed parts
// are, and who is waiting for a parent.
//
// Of a trace with hot spans this is the only place that knows; of others it only saves reading the
// parts again. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/ids.h"
#include "store/engine/edges.h"
#include "store/flat_map.h"
#include "store/keys.h"
#include "store/summary.h"

namespace clew::store {

// Service names, each once, at addresses that stay. All beyond a bound are one, so that forged
// names cannot grow it without end.
class ServiceNames {
 public:
  const std::string* Of(const std::string& name);

 private:
  std::unordered_set<std::string> names_;
};

// One trace.
struct TraceState {
  // A call whose caller has not come.
  struct Orphan {
    SpanId parent;
    Call call;
  };

  FlatSet fingerprints;                       // of all its spans
  FlatMap<const std::string*> span_services;  // span id (its 64 bits) -> service
  std::vector<Orphan> orphans;
  std::vector<SegmentKey> parts;  // its sealed parts, oldest first
  Summary sealed;                 // of them
  std::uint64_t hot_spans = 0;
  UnixNanos start = UnixNanos::max();  // of all its spans
  UnixNanos end{};

  std::size_t MemoryBytes() const;
};

class TraceStates {
 public:
  explicit TraceStates(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // The state of a trace, now the most recently used one; nothing when it is not here. Valid until
  // Trim, Erase or Clear.
  TraceState* Find(const TraceId& trace);
  TraceState* Insert(const TraceId& trace);
  void Erase(const TraceId& trace);
  // Forgets the least recently used traces without hot spans beyond the bound.
  void Trim();
  void Clear();
  template <typename Each>
  void ForEach(Each each) const {
    for (const Entry& entry : entries_) each(entry.trace, entry.state);
  }

 private:
  struct Entry {
    TraceId trace;
    TraceState state;
    std::size_t bytes = 0;  // as last accounted
    bool touched = false;   // it is in touched_
  };
  using Entries = std::list<Entry>;
  void Touch(Entry& entry);

  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  Entries entries_;  // most recently used first
  std::vector<Entry*> touched_;
  std::unordered_map<TraceId, Entries::iterator> by_trace_;
};

// Adds a span to its trace's state; false when it is there already. Calls that it completes, as the
// caller or as the called one, are added to `calls`. `now` and `hours`: see EdgeHour.
class TraceGrower {
 public:
  TraceGrower(ServiceNames& services, std::set<std::uint32_t>& hours)
      : services_(services), hours_(hours) {}
  // `calls` may be null: they are counted already.
  bool Add(const SpanRecord& span, std::uint64_t fingerprint, UnixNanos now, TraceState& state,
           std::vector<Call>* calls);

 private:
  ServiceNames& services_;
  std::set<std::uint32_t>& hours_;
};

}  // namespace clew::store
