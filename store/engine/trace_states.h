// The writer's memory of traces that grow: which spans they hold already, where their sealed parts are,
// and who is waiting for a parent.
//
// Of a trace with hot spans this is the only place that knows; of others it only saves reading the
// parts again. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "store/engine/edges.h"
#include "store/flat_map.h"
#include "store/keys.h"
#include "store/summary.h"

namespace clew::store {

// Service names as numbers. Grows with the number of services that were ever seen; those are bounded
// by what clients send in a run of the store.
class ServiceNumbers {
 public:
  std::uint32_t Of(const std::string& name);
  const std::string& Name(std::uint32_t number) const { return *names_[number]; }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<const std::string*> names_;
};

// One trace.
struct TraceState {
  struct Nothing {};
  // A call whose caller has not come.
  struct Orphan {
    SpanId parent;
    std::uint32_t service = 0;
    std::uint32_t hour = 0;
    std::chrono::nanoseconds duration{0};
    double weight = 1;
    bool error = false;
  };

  FlatMap<Nothing> fingerprints;        // of all its spans
  FlatMap<std::uint32_t> span_services;  // span id (its 64 bits) -> service
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
  // Trim or Clear.
  TraceState* Find(const TraceId& trace);
  TraceState* Insert(const TraceId& trace);
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
  };
  using Entries = std::list<Entry>;

  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  Entries entries_;  // most recently used first
  std::vector<Entry*> touched_;
  std::unordered_map<TraceId, Entries::iterator> by_trace_;
};

// Adds a span to its trace's state; false when it is there already. Calls that it completes, as the
// caller or as the called one, are added to `edges`. `now` and `hours`: see EdgeHour.
class TraceGrower {
 public:
  TraceGrower(ServiceNumbers& services, std::set<std::uint32_t>& hours)
      : services_(services), hours_(hours) {}
  // `edges` may be null: the calls are counted already.
  bool Add(const SpanRecord& span, std::uint64_t fingerprint, UnixNanos now, TraceState& state,
           Edges* edges);

 private:
  void AddCall(std::uint32_t caller, const TraceState::Orphan& call, Edges* edges);

  ServiceNumbers& services_;
  std::set<std::uint32_t>& hours_;
};

}  // namespace clew::store
