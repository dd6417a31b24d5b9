// What the collector counts of itself. Everything lost or refused is here by reason; read by
// /metrics and GetStatus.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "collector/receiver/reject_reason.h"

namespace clew::collector {

// Written by any thread, read at any time; a reader may see one request half counted.
struct Counters {
  using Counter = std::atomic<std::uint64_t>;

  // Requests by how they were answered.
  Counter requests_stored{0};      // OK, with or without rejected spans
  Counter requests_malformed{0};   // INVALID_ARGUMENT, or over the size limit when decompressed
  Counter requests_overloaded{0};  // RESOURCE_EXHAUSTED: too many bytes in flight
  Counter requests_failed{0};      // the store could not take them

  Counter spans_received{0};  // in well-formed requests, before validation
  Counter spans_accepted{0};  // acknowledged as stored, repeated ones included
  std::array<Counter, receiver::kRejectReasons> spans_rejected{};
  Counter bytes_received{0};  // of requests, decompressed

  Counter commits{0};             // synced writes
  Counter commit_nanoseconds{0};  // spent in them
};

}  // namespace clew::collector
