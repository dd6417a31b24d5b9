#include "store/join/join_table.h"

#include <utility>

namespace clew::store {

JoinTable::Outcome JoinTable::Add(WaitingSpan span, WaitingSpan& partner) {
  Forget(span.arrived);
  const auto [at, is_new] = slots_.try_emplace(span.key);
  Slot& slot = at->second;
  if (is_new || !IsSameUse(slot, span)) {
    Open(slot, std::move(span));
    return Outcome::kWaits;
  }
  if (slot.waiting == nullptr) return Outcome::kAmbiguous;  // a third one
  if (slot.waiting->is_server == span.is_server) {
    if (slot.waiting->trace == span.trace && slot.waiting->span == span.span)
      return Outcome::kRepeated;
    slot.waiting.reset();
    return Outcome::kAmbiguous;
  }
  const bool fit = span.is_server ? Fit(*slot.waiting, span) : Fit(span, *slot.waiting);
  if (!fit) {
    Open(slot, std::move(span));
    return Outcome::kWaits;
  }
  partner = std::move(*slot.waiting);
  slot.waiting.reset();
  return Outcome::kJoined;
}

// Differences only: sums of hostile times would overflow.
bool JoinTable::IsSameUse(const Slot& slot, const WaitingSpan& span) const {
  return span.start - slot.end <= options_.max_distance &&
         slot.start - span.end <= options_.max_distance;
}

bool JoinTable::Fit(const WaitingSpan& client, const WaitingSpan& server) const {
  return server.start - client.end <= options_.max_distance &&
         client.start - server.start <= options_.max_distance;
}

void JoinTable::Open(Slot& slot, WaitingSpan span) {
  if (slot.waiting != nullptr) ++unmatched_;
  slot.start = span.start;
  slot.end = span.end;
  slot.serial = ++serial_;
  order_.push_back({span.key, slot.serial, span.sequence, span.arrived});
  slot.waiting = std::make_unique<WaitingSpan>(std::move(span));
}

void JoinTable::Forget(UnixNanos now) {
  while (!order_.empty() &&
         (order_.size() >= options_.max_slots || now - order_.front().arrived > options_.max_age)) {
    const auto at = slots_.find(order_.front().key);
    if (at != slots_.end() && at->second.serial == order_.front().serial) {
      if (at->second.waiting != nullptr) ++unmatched_;
      slots_.erase(at);
    }
    order_.pop_front();
  }
}

}  // namespace clew::store
