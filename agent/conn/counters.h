// What the connection stage saw and what it could not keep: every record or byte that becomes
// nothing is in here.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/protocols/session.h"
#include "base/counter.h"

namespace clew::conn {

using clew::NamedCounter;

struct ConnCounters {
  std::uint64_t records = 0;
  std::uint64_t malformed_records =
      0;                     // shorter than their type demands, or of an unknown type or direction
  std::uint64_t opened = 0;  // connections that got a tracker
  std::uint64_t without_open = 0;  // ... by a record other than CONN_OPEN: no addresses are known
  std::uint64_t closed = 0;        // by their CONN_CLOSE
  std::uint64_t exited = 0;        // because their last user exited
  std::uint64_t expired = 0;       // idle for too long
  std::uint64_t evicted = 0;       // the oldest, to make room for a new one
  std::uint64_t unrecognized = 0;  // connections that speak no known protocol
  std::uint64_t gap_bytes = 0;     // stream bytes that no record told of
  std::uint64_t duplicate_bytes = 0;    // told of twice, cut
  std::uint64_t ignored_bytes = 0;      // moved on connections without a protocol session
  std::uint64_t reordered = 0;          // responses held back until their request's record came
  std::uint64_t over_buffer_limit = 0;  // sessions abandoned because they kept too many bytes
};

void AppendNamed(const ConnCounters& counters, std::vector<NamedCounter>& out);
void AppendNamed(const protocols::ParseCounters& counters, std::vector<NamedCounter>& out);

}  // namespace clew::conn
