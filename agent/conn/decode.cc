#include "agent/conn/decode.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace clew::conn {
namespace {

constexpr std::uint8_t kMappedPrefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <typename T>
bool Read(std::string_view record, T& out) {
  if (record.size() < sizeof(T)) return false;
  std::memcpy(&out, record.data(), sizeof(T));
  return true;
}

void SetHeader(const clew_event_header& header, Chunk& chunk) {
  chunk.time = KernelNanosFrom(header.ts_ns);
  chunk.tgid = header.tgid;
  chunk.tid = header.tid;
  chunk.fd = header.fd;
}

Endpoint MakeEndpoint(std::uint16_t family, const std::uint8_t (&address)[16], std::uint16_t port) {
  Endpoint endpoint;
  char text[INET6_ADDRSTRLEN];
  if (family != AF_INET && family != AF_INET6) return endpoint;
  // An IPv4 peer of an IPv6 socket (::ffff:a.b.c.d) has the name that it has at its own end.
  constexpr std::size_t kPrefix = sizeof(kMappedPrefix);
  const bool mapped =
      family == AF_INET6 && std::equal(kMappedPrefix, kMappedPrefix + kPrefix, address);
  const auto* bytes = address + (mapped ? kPrefix : 0);
  if (inet_ntop(mapped ? AF_INET : family, bytes, text, sizeof(text)) != nullptr) {
    endpoint.address = text;
  }
  endpoint.port = port;
  return endpoint;
}

}  // namespace

bool DecodeDirection(const clew_event_header& header, Direction& out) {
  if (header.direction > CLEW_EGRESS) return false;
  out = static_cast<Direction>(header.direction);
  return true;
}

bool DecodeData(std::string_view record, DecodedChunk& out) {
  // Only the fields before `data`: it begins behind the padding.
  clew_data_event event;
  if (!Read(record, event) || !DecodeDirection(event.h, out.chunk.direction)) return false;
  if (event.captured > event.size || record.size() - sizeof(event) < event.captured) return false;
  if (event.last_len > sizeof(event.last)) return false;
  Chunk& chunk = out.chunk;
  SetHeader(event.h, chunk);
  chunk.offset = event.offset;
  chunk.size = event.size;
  chunk.bytes = record.substr(sizeof(event), event.captured);
  std::memcpy(out.last, event.last, sizeof(out.last));
  chunk.last = std::string_view(out.last, event.last_len);
  chunk.flags = event.flags;
  chunk.seq = event.seq;
  out.context = event.ctx;
  chunk.context =
      (event.flags & (CLEW_DATA_REQUEST | CLEW_DATA_CONTEXT)) != 0 ? &out.context : nullptr;
  return true;
}

bool DecodeBytes(std::string_view record, DecodedChunk& out) {
  clew_bytes_event event;
  if (!Read(record, event) || !DecodeDirection(event.h, out.chunk.direction)) return false;
  if (event.first_len > sizeof(event.first) || event.last_len > sizeof(event.last)) return false;
  if (event.first_len > event.size || event.last_len > event.size) return false;
  Chunk& chunk = out.chunk;
  SetHeader(event.h, chunk);
  chunk.offset = event.offset;
  chunk.size = event.size;
  chunk.bytes = record.substr(offsetof(clew_bytes_event, first), event.first_len);
  std::memcpy(out.last, event.last, sizeof(out.last));
  chunk.last = std::string_view(out.last, event.last_len);
  chunk.flags = 0;
  chunk.seq = 0;
  chunk.context = nullptr;
  return true;
}

bool DecodeOpen(std::string_view record, ConnInfo& out) {
  clew_conn_event event;
  if (!Read(record, event)) return false;
  out.id = event.h.conn;
  out.family = event.family;
  out.role = event.role;
  out.local = MakeEndpoint(event.family, event.local_addr, event.local_port);
  out.remote = MakeEndpoint(event.family, event.remote_addr, event.remote_port);
  out.netns = event.netns;
  out.inode = event.inode;
  return true;
}

bool DecodeProcess(std::string_view record, clew_proc_event& out) { return Read(record, out); }

bool DecodeHandback(std::string_view record, clew_handback_event& out) {
  return Read(record, out);
}

}  // namespace clew::conn
