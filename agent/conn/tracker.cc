#include "agent/conn/tracker.h"

#include <algorithm>
#include <utility>

namespace clew::conn {
namespace {

// Turns (changes of direction) that look like no protocol before a connection is ignored. From its
// beginning on, the first message of each side tells; an older one may be amid a body for a while.
constexpr std::uint8_t kMaxFailedTurns = 2;
constexpr std::uint8_t kMaxFailedTurnsLate = 16;
// The other thread's record is on its way when a response is here, so the second drain has it.
constexpr int kMaxHeldDrains = 2;

std::size_t Index(Direction d) { return static_cast<std::size_t>(d); }

}  // namespace

void Tracker::SetInfo(ConnInfo info) {
  info_ = std::move(info);
  opened_ = true;
}

void Tracker::OnChunk(Chunk chunk, TrackerContext& context) {
  if (!Align(chunk, context)) return;
  if (state_ == State::kUndecided) Detect(chunk, context);
  if (state_ != State::kSession) {
    context.counters.ignored_bytes += chunk.size;
    return;
  }
  if (held_ != nullptr && held_->direction() == chunk.direction) {
    held_->AddChunk(chunk, 0);
  } else {
    Feed(chunk, context);
    if (held_ != nullptr) OfferHeld(true, context);
  }
  CheckFinished();
  if (buffered() > context.max_buffered) {
    ++context.counters.over_buffer_limit;
    Abandon(chunk.time, context);
  }
}

// Brings `chunk` to the end of its stream as we know it: cuts what was told before, tells of what
// was not. False when nothing is left of it.
bool Tracker::Align(Chunk& chunk, TrackerContext& context) {
  std::uint64_t& next = next_offset_[Index(chunk.direction)];
  if (chunk.size == 0) return false;
  if (!started_[Index(chunk.direction)]) {
    started_[Index(chunk.direction)] = true;
    if (chunk.offset > 0) seen_from_start_ = false;
    // A connection that is older than the agent, or that we forgot: what passed before is not
    // known, and no loss.
    if (!opened_ || info_.role == CLEW_ROLE_UNKNOWN) next = chunk.offset;
  }
  if (chunk.offset > next) {
    const std::uint64_t lost = chunk.offset - next;
    context.counters.gap_bytes += lost;
    OnGap(chunk.direction, lost, context);
  } else if (chunk.offset < next) {
    const std::uint64_t known = next - chunk.offset;
    if (known >= chunk.size) {
      context.counters.duplicate_bytes += chunk.size;
      return false;
    }
    context.counters.duplicate_bytes += known;
    chunk.bytes.remove_prefix(std::min<std::size_t>(known, chunk.bytes.size()));
    chunk.size -= static_cast<std::uint32_t>(known);
    chunk.offset = next;
    if (chunk.last.size() > chunk.size) chunk.last.remove_prefix(chunk.last.size() - chunk.size);
    chunk.context = nullptr;  // it was that of the first byte
    chunk.flags = 0;
    chunk.seq = 0;
  }
  next = chunk.offset + chunk.size;
  return true;
}

void Tracker::OnGap(Direction direction, std::uint64_t lost, TrackerContext& context) {
  if (state_ != State::kSession) {
    seen_from_start_ = false;
    return;
  }
  if (held_ != nullptr && held_->direction() == direction) return held_->AddGap(lost);
  // What waits for a message of this direction waits for one that is lost: it must not be taken for
  // the answer to the next.
  if (held_ != nullptr) OfferHeld(false, context);
  session_->OnGap(direction, lost, context.out);
  CheckFinished();
}

void Tracker::Detect(const Chunk& chunk, TrackerContext& context) {
  if (!chunk.bytes.empty()) {
    for (const protocols::Protocol& protocol : protocols::Registry()) {
      if (!protocol.looks_like(chunk.bytes)) continue;
      session_ = protocol.make(info_, context.parse_counters);
      state_ = State::kSession;
      return;
    }
  }
  if (has_turn_ && chunk.direction == last_direction_) return;  // more of the same message
  has_turn_ = true;
  last_direction_ = chunk.direction;
  const bool from_start = seen_from_start_ && info_.role != CLEW_ROLE_UNKNOWN;
  if (++failed_turns_ < (from_start ? kMaxFailedTurns : kMaxFailedTurnsLate)) return;
  ++context.counters.unrecognized;
  state_ = State::kIgnored;
}

void Tracker::Feed(const Chunk& chunk, TrackerContext& context) {
  const std::uint32_t taken = session_->OnChunk(chunk, true, context.out);
  if (taken >= chunk.size) return;
  ++context.counters.reordered;
  held_ = std::make_unique<HeldInput>(chunk.direction);
  held_->AddChunk(chunk, taken);
}

// Gives what is held to the session, until it refuses (never without `may_wait`).
void Tracker::OfferHeld(bool may_wait, TrackerContext& context) {
  while (!held_->empty()) {
    const HeldInput::Item& item = held_->front();
    switch (item.kind) {
      case HeldInput::Item::Kind::kChunk: {
        const Chunk chunk = item.chunk();
        const std::uint32_t taken = session_->OnChunk(chunk, may_wait, context.out);
        if (taken < chunk.size) {
          if (taken > 0) held_->TrimFront(taken);
          return;
        }
        break;
      }
      case HeldInput::Item::Kind::kGap:
        session_->OnGap(held_->direction(), item.lost, context.out);
        break;
      case HeldInput::Item::Kind::kEof:
        session_->OnEof(held_->direction(), item.time, context.out);
        break;
    }
    held_->PopFront();
  }
  held_.reset();
}

void Tracker::OnEof(Direction direction, KernelNanos time, TrackerContext& context) {
  if (state_ != State::kSession) return;
  if (held_ != nullptr && held_->direction() == direction) return held_->AddEof(time);
  session_->OnEof(direction, time, context.out);
  CheckFinished();
}

void Tracker::OnClose(KernelNanos time, TrackerContext& context) {
  if (state_ != State::kSession) return;
  if (held_ != nullptr) OfferHeld(false, context);
  if (!session_->finished()) session_->OnClose(time, context.out);
  session_.reset();
  state_ = State::kIgnored;
}

void Tracker::OnDrained(KernelNanos now, TrackerContext& context) {
  if (state_ != State::kSession) return;
  if (held_ != nullptr && ++held_->drains >= kMaxHeldDrains) OfferHeld(false, context);
  session_->OnTick(now, context.out);
  CheckFinished();
}

void Tracker::Abandon(KernelNanos time, TrackerContext& context) {
  if (state_ != State::kSession) return;
  session_->OnClose(time, context.out);
  session_.reset();
  held_.reset();
  state_ = State::kUndecided;
  seen_from_start_ = false;
  has_turn_ = false;
  failed_turns_ = 0;
}

void Tracker::CheckFinished() {
  if (!session_->finished()) return;
  session_.reset();
  held_.reset();
  state_ = State::kIgnored;
}

}  // namespace clew::conn
