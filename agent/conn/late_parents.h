// The stage behind connections for calls that left before it could be known whose they are
// (docs/causality.md, "Pools"): keeps them back until the kernel side has said, or for a moment.
//
//   Exchange ──► no word expected ─────────────────────────────────────────► Exchange
//           └──► kept ──► SURE, NOBODY, or `wait` has passed; then what was LIKELY stands ──┘
//
// Used by the ring thread, except Counters().
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "agent/protocols/exchange.h"
#include "base/counter.h"
#include "base/sink.h"
#include "base/time.h"

namespace clew::conn {

struct LateParentsOptions {
  // A worker that gets no other call to make says nothing more, so its call waits for so long.
  std::chrono::nanoseconds wait = std::chrono::seconds(1);
  // Calls that wait at a time; beyond it the oldest goes as if its time were over. A busy worker's
  // next call decides about the one before, so few wait for long.
  std::size_t max_waiting = 2048;
};

class LateParents final : public Sink<protocols::Exchange> {
 public:
  // `out` must outlive this.
  LateParents(LateParentsOptions options, Sink<protocols::Exchange>& out)
      : options_(options), out_(out) {}

  void Push(protocols::Exchange exchange) override;
  // May come before the exchange that it is about. An unknown verdict does nothing.
  void OnHandback(const clew_handback_event& event);
  // Lets go what has waited for long enough.
  void OnDrained(KernelNanos now);
  // Lets go everything.
  void Flush();

  std::size_t waiting() const { return calls_.size(); }
  // Any thread.
  std::vector<NamedCounter> Counters() const;

 private:
  struct Parent {
    TraceId trace_id;
    SpanId span_id;
  };
  // A call of which one half is here: the exchange, or what was said about it.
  struct Call {
    SpanId span_id;
    KernelNanos due{};  // when it is let go
    std::optional<protocols::Exchange> exchange;
    std::optional<Parent> parent;
    bool decided = false;
  };
  using Calls = std::list<Call>;

  Calls::iterator FindOrAdd(const SpanId& span_id);
  void Release(Calls::iterator call);

  const LateParentsOptions options_;
  Sink<protocols::Exchange>& out_;
  Calls calls_;  // oldest first
  std::unordered_map<SpanId, Calls::iterator> index_;
  KernelNanos now_{};
  std::atomic<std::uint64_t> linked_{0}, unlinked_{0};
};

}  // namespace clew::conn
