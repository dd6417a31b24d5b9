// Finds the two ends of one call: a CLIENT span and a SERVER span with the same place on the wire,
// at about the same time.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "store/join/evidence.h"

namespace clew::store {

// One end, and what the call will be counted by.
struct WaitingSpan {
  WireKey key;
  bool is_server = false;
  bool error = false;  // status ERROR
  TraceId trace;
  SpanId span;
  UnixNanos start{};
  UnixNanos end{};
  UnixNanos arrived{};         // by the store's clock
  std::uint64_t sequence = 0;  // of the append that brought it
  double weight = 1;           // see SamplingWeight
  std::string service;
  bool operator==(const WaitingSpan&) const = default;
};

struct JoinTableOptions {
  std::size_t max_slots = 1 << 18;    // about 230 bytes each
  std::chrono::seconds max_age{120};  // for the other end to come
  // Ports and numbers come again: the SERVER span starts within the CLIENT span or so close to it.
  std::chrono::seconds max_distance{60};
};

// The outcome depends on nothing but the spans given before, so that what was decided can be
// decided again after a restart. One thread.
class JoinTable {
 public:
  enum class Outcome : std::uint8_t {
    kWaits,      // for its other end
    kJoined,     // `partner` is the other end
    kAmbiguous,  // more than two spans say that they are this call: none of them is joined
    kRepeated,   // it waits already
  };

  explicit JoinTable(JoinTableOptions options = {}) : options_(options) {}
  Outcome Add(WaitingSpan span, WaitingSpan& partner);

  // Spans that left without their other end.
  std::uint64_t unmatched() const { return unmatched_; }
  // The append that brought the oldest one that is kept; spans of before count no more.
  std::uint64_t oldest(std::uint64_t none) const {
    return order_.empty() ? none : order_.front().sequence;
  }

 private:
  struct Slot {
    std::unique_ptr<WaitingSpan> waiting;  // null: decided
    UnixNanos start{};                     // when this place on the wire was in use
    UnixNanos end{};
    std::uint64_t serial = 0;
  };
  struct Entry {
    WireKey key;
    std::uint64_t serial = 0;
    std::uint64_t sequence = 0;
    UnixNanos arrived{};
  };
  struct Hash {
    std::size_t operator()(const WireKey& key) const { return static_cast<std::size_t>(key.low); }
  };

  bool IsSameUse(const Slot& slot, const WaitingSpan& span) const;
  bool Fit(const WaitingSpan& client, const WaitingSpan& server) const;
  void Open(Slot& slot, WaitingSpan span);
  void Forget(UnixNanos now);

  JoinTableOptions options_;
  std::unordered_map<WireKey, Slot, Hash> slots_;
  std::deque<Entry>
      order_;  // by arrival; of a slot that was opened again the older ones say nothing
  std::uint64_t serial_ = 0;
  std::uint64_t unmatched_ = 0;
};

}  // namespace clew::store
