// The seam between connections and protocols: one ProtocolSession per connection, one registry line
// per protocol.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "agent/conn/chunk.h"
#include "agent/protocols/exchange.h"
#include "base/sink.h"

namespace clew::protocols {

// One connection's protocol state. Owned by its tracker, used by one thread, never blocks.
class ProtocolSession {
 public:
  virtual ~ProtocolSession() = default;
  // `chunk.offset` is what this session expects next in that direction; gaps are told by OnGap
  // before.
  //
  // Returns how many of `chunk.size` bytes it took. Fewer only with `may_wait`, when what follows
  // answers a message whose record has not come yet (the two directions are recorded by different
  // threads): the tracker keeps the rest, offers it again after the other direction's next chunk,
  // and after two drains without `may_wait`.
  virtual std::uint32_t OnChunk(const conn::Chunk& chunk, bool may_wait, Sink<Exchange>& out) = 0;
  // `lost` bytes are missing before the next OnChunk of this direction: resync at the next message
  // or give up.
  virtual void OnGap(conn::Direction direction, std::uint64_t lost, Sink<Exchange>& out) = 0;
  // The peer (ingress) or we (egress) will send no more bytes.
  virtual void OnEof(conn::Direction direction, KernelNanos time, Sink<Exchange>& out) = 0;
  // The connection is gone. Exchanges still open are pushed as incomplete.
  virtual void OnClose(KernelNanos time, Sink<Exchange>& out) = 0;
  // Nothing more will ever come out of this session (not this protocol, upgraded, given up): the
  // tracker may drop it and ignore what follows on the connection.
  virtual bool finished() const = 0;
  // True while an exchange is only kept open because more of it might still come; the tracker then
  // calls OnTick after each drain, so that it does not stay open for ever.
  virtual bool wants_tick() const = 0;
  virtual void OnTick(KernelNanos now, Sink<Exchange>& out) = 0;
  // Bytes of messages that this session keeps. The tracker bounds them.
  virtual std::size_t buffered() const = 0;
};

// Why bytes did not become exchanges; exported as counters by name.
struct ParseCounters {
  std::uint64_t gaps = 0;      // OnGap calls
  std::uint64_t resyncs = 0;   // found the next message after a gap or garbage
  std::uint64_t given_up = 0;  // connections abandoned
  std::uint64_t not_this_protocol = 0;
  std::uint64_t head_too_long = 0;
  std::uint64_t orphan_responses = 0;
  std::uint64_t partial_heads = 0;  // connections that ended, or lost bytes, within a head
  std::uint64_t truncated_heads =
      0;  // heads of which only the beginning was captured; the exchange has what was
};

struct Protocol {
  const char* name;
  // True when the first bytes of a message look like this protocol, false when they cannot. Needs
  // at most 16 bytes.
  bool (*looks_like)(std::string_view first_bytes);
  std::unique_ptr<ProtocolSession> (*make)(const conn::ConnInfo& conn, ParseCounters& counters);
};

// All protocols, in the order in which they are asked.
const std::vector<Protocol>& Registry();

}  // namespace clew::protocols
