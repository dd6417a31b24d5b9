// What the connection stage hands to a protocol: the bytes that one call moved, and the socket they
// moved on.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "bpf/include/event.h"

namespace clew::conn {

enum class Direction : std::uint8_t { kIngress = CLEW_INGRESS, kEgress = CLEW_EGRESS };
inline Direction Other(Direction d) {
  return d == Direction::kIngress ? Direction::kEgress : Direction::kIngress;
}

struct Endpoint {
  std::string address;  // "127.0.0.1", "::1"; empty for unix sockets and when unknown
  std::uint16_t port = 0;
};

// One socket, from its CONN_OPEN record. A connection within this host has two of these, one per
// end.
struct ConnInfo {
  std::uint64_t id = 0;
  std::uint16_t family = 0;  // AF_INET, AF_INET6, AF_UNIX; 0: its open record was lost
  std::uint8_t role = CLEW_ROLE_UNKNOWN;
  Endpoint local;
  Endpoint remote;
  std::uint32_t netns = 0;
  std::uint32_t inode = 0;
};

// The bytes of one call. `bytes` holds the first of the `size` that moved and views the record.
struct Chunk {
  Direction direction = Direction::kIngress;
  KernelNanos time{};
  std::uint64_t offset = 0;  // of the first byte in its direction's stream
  std::uint32_t size = 0;
  std::string_view bytes;
  std::string_view
      last;  // up to 8 last bytes of the call when `bytes` does not hold them all; else empty
  std::uint32_t tgid = 0;
  std::uint32_t tid = 0;
  std::int32_t fd = -1;
  std::uint16_t flags = 0;  // CLEW_DATA_*
  // TCP sequence number of the first byte as it is on the wire, the same at both ends; 0: not known
  std::uint32_t seq = 0;
  const clew_context* context =
      nullptr;  // set when flags has CLEW_DATA_REQUEST or CLEW_DATA_CONTEXT
};

}  // namespace clew::conn
