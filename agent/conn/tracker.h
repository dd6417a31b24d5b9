// One connection: keeps both directions' streams in order, finds the protocol, and feeds its
// session.
//
//   undecided --looks like a protocol--> session --finished--> ignored
//       `------- enough turns that look like none -------------^
#pragma once

#include <array>
#include <memory>

#include "agent/conn/chunk.h"
#include "agent/conn/counters.h"
#include "agent/conn/held_input.h"
#include "agent/protocols/session.h"
#include "base/sink.h"

namespace clew::conn {

// What all trackers of a table share.
struct TrackerContext {
  ConnCounters& counters;
  protocols::ParseCounters& parse_counters;
  Sink<protocols::Exchange>& out;
  std::size_t max_buffered;  // bytes, per connection
};

class Tracker {
 public:
  explicit Tracker(std::uint64_t id) { info_.id = id; }

  // From the connection's open record, which may come after data.
  void SetInfo(ConnInfo info);
  bool opened() const { return opened_; }

  // Any of these may push exchanges.
  void OnChunk(Chunk chunk, TrackerContext& context);
  void OnEof(Direction direction, KernelNanos time, TrackerContext& context);
  void OnClose(KernelNanos time, TrackerContext& context);
  // After a drain: lets what waited for two of them go on alone.
  void OnDrained(KernelNanos now, TrackerContext& context);
  // Wants OnDrained.
  bool waiting() const {
    return held_ != nullptr || (session_ != nullptr && session_->wants_tick());
  }
  std::size_t buffered() const {
    return (held_ != nullptr ? held_->bytes() : 0) +
           (session_ != nullptr ? session_->buffered() : 0);
  }
  // Drops the session and everything it keeps; the connection is looked at anew with its next turn.
  void Abandon(KernelNanos time, TrackerContext& context);

 private:
  enum class State : std::uint8_t { kUndecided, kSession, kIgnored };

  bool Align(Chunk& chunk, TrackerContext& context);
  void OnGap(Direction direction, std::uint64_t lost, TrackerContext& context);
  void Detect(const Chunk& chunk, TrackerContext& context);
  void Feed(const Chunk& chunk, TrackerContext& context);
  void OfferHeld(bool may_wait, TrackerContext& context);
  void CheckFinished();

  ConnInfo info_;
  std::unique_ptr<protocols::ProtocolSession> session_;
  std::unique_ptr<HeldInput> held_;  // rare: only while a response is ahead of its request
  std::array<std::uint64_t, 2> next_offset_{};
  std::array<bool, 2> started_{};  // a record of this direction came
  State state_ = State::kUndecided;
  bool opened_ = false;          // info_ is complete
  bool seen_from_start_ = true;  // no byte before the first record
  bool has_turn_ = false;
  Direction last_direction_ = Direction::kIngress;
  std::uint8_t failed_turns_ = 0;
};

}  // namespace clew::conn
