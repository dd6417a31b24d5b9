#include "tests/unit/agent/conn/records.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>

namespace clew::conn {
namespace {

clew_event_header Header(const RecordOptions& options, int type) {
  clew_event_header header{};
  header.ts_ns = options.time;
  header.conn = options.conn;
  header.tgid = header.tid = options.tgid;
  header.type = static_cast<std::uint8_t>(type);
  header.direction = static_cast<std::uint8_t>(options.direction);
  header.fd = 3;
  return header;
}

template <typename T>
std::string ToBytes(const T& record) {
  return std::string(reinterpret_cast<const char*>(&record), sizeof(record));
}

}  // namespace

std::string OpenRecord(const RecordOptions& options, std::uint16_t family, std::uint8_t role) {
  clew_conn_event event{};
  event.h = Header(options, CLEW_EVENT_CONN_OPEN);
  event.family = family;
  event.role = role;
  event.local_port = 8080;
  event.remote_port = 40000;
  if (family == AF_INET) {
    inet_pton(AF_INET, "127.0.0.1", event.local_addr);
    inet_pton(AF_INET, "10.1.2.3", event.remote_addr);
  } else if (family == AF_INET6) {
    inet_pton(AF_INET6, "::1", event.local_addr);
    inet_pton(AF_INET6, "2001:db8::2", event.remote_addr);
  }
  event.netns = 5;
  event.inode = 6;
  return ToBytes(event);
}

std::string DataRecord(const RecordOptions& options, std::uint64_t offset, std::string_view bytes,
                       std::uint32_t size, std::string_view last, std::uint16_t flags,
                       const clew_context& context) {
  clew_data_event event{};
  event.h = Header(options, CLEW_EVENT_DATA);
  event.offset = offset;
  event.size = size == 0 ? static_cast<std::uint32_t>(bytes.size()) : size;
  event.captured = static_cast<std::uint16_t>(bytes.size());
  event.flags = flags;
  event.ctx = context;
  std::copy(last.begin(), last.end(), event.last);
  event.last_len = static_cast<std::uint8_t>(last.size());
  return ToBytes(event).append(bytes);
}

std::string BytesRecord(const RecordOptions& options, std::uint64_t offset, std::uint32_t size,
                        std::string_view first, std::string_view last) {
  clew_bytes_event event{};
  event.h = Header(options, CLEW_EVENT_BYTES);
  event.offset = offset;
  event.size = size;
  std::copy(first.begin(), first.end(), event.first);
  event.first_len = static_cast<std::uint8_t>(first.size());
  std::copy(last.begin(), last.end(), event.last);
  event.last_len = static_cast<std::uint8_t>(last.size());
  return ToBytes(event);
}

std::string HeaderRecord(const RecordOptions& options, int type) {
  return ToBytes(Header(options, type));
}

std::string HandbackRecord(const RecordOptions& options, const std::uint8_t (&span_id)[8],
                           clew_handback_verdict verdict) {
  clew_handback_event event{};
  event.h = Header(options, CLEW_EVENT_HANDBACK);
  std::copy(std::begin(span_id), std::end(span_id), event.span_id);
  std::fill(std::begin(event.trace_id), std::end(event.trace_id), 0x11);
  std::fill(std::begin(event.parent_id), std::end(event.parent_id), 0x22);
  event.verdict = static_cast<std::uint8_t>(verdict);
  return ToBytes(event);
}

std::string ProcRecord(const RecordOptions& options, clew_proc_what what) {
  clew_proc_event event{};
  event.h = Header(options, CLEW_EVENT_PROC);
  event.h.conn = 0;
  event.what = static_cast<std::uint8_t>(what);
  return ToBytes(event);
}

}  // namespace clew::conn
