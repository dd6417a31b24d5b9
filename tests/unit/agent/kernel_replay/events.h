// Records of bpf/include/event.h, made by hand.
#pragma once

#include <sys/socket.h>

#include <cstring>
#include <string>
#include <string_view>

#include "bpf/include/event.h"

namespace clew {

template <typename Event>
std::string BytesOf(const Event& event) {
  return {reinterpret_cast<const char*>(&event), sizeof(event)};
}

inline clew_event_header HeaderOf(std::uint8_t type, std::uint64_t conn, std::uint64_t ts_ns,
                                  std::uint8_t direction = CLEW_INGRESS) {
  clew_event_header header{};
  header.type = type;
  header.conn = conn;
  header.ts_ns = ts_ns;
  header.direction = direction;
  header.tgid = 42;
  header.tid = 42;
  header.fd = -1;
  return header;
}

inline std::string OpenEvent(std::uint64_t conn, std::uint64_t ts_ns) {
  clew_conn_event event{};
  event.h = HeaderOf(CLEW_EVENT_CONN_OPEN, conn, ts_ns);
  event.family = AF_INET;
  event.role = CLEW_ROLE_PASSIVE;
  event.local_port = 80;
  event.remote_port = 5000;
  event.local_addr[0] = event.remote_addr[0] = 127;
  event.local_addr[3] = event.remote_addr[3] = 1;
  return BytesOf(event);
}

inline std::string DataEvent(std::uint64_t conn, std::uint64_t ts_ns, std::uint8_t direction,
                             std::uint64_t offset, std::string_view bytes, std::uint16_t flags) {
  clew_data_event event{};
  event.h = HeaderOf(CLEW_EVENT_DATA, conn, ts_ns, direction);
  event.offset = offset;
  event.size = static_cast<std::uint32_t>(bytes.size());
  event.captured = static_cast<std::uint16_t>(bytes.size());
  event.flags = flags;
  if ((flags & CLEW_DATA_REQUEST) != 0) {
    std::memset(event.ctx.trace_id, 7, sizeof(event.ctx.trace_id));
    std::memcpy(event.ctx.span_id, &ts_ns, sizeof(event.ctx.span_id));
    event.ctx.trace_flags = 1;
    event.ctx.origin = CLEW_ORIGIN_NEW;
  }
  return BytesOf(event) + std::string(bytes);
}

}  // namespace clew
