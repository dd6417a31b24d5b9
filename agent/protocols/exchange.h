// One request and its response as a protocol saw them, before it becomes a span.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/conn/chunk.h"
#include "base/ids.h"

namespace clew::protocols {

enum class Role : std::uint8_t { kServer, kClient };

// Trace context of a request, and how it was found. Ids that the kernel side chose, or that user
// space chose in its place.
struct TraceContext {
  TraceId trace_id;
  SpanId span_id;    // of this exchange's span
  SpanId parent_id;  // invalid: root
  std::uint8_t flags = 0;
  std::string trace_state;  // as received, at most 512 characters; empty: none
  std::uint8_t origin = CLEW_ORIGIN_NONE;
  std::uint8_t link = CLEW_LINK_NONE;
  std::uint8_t inject = CLEW_INJECT_NONE;
  std::uint8_t none = CLEW_NONE_UNKNOWN;
  bool awaits_handback = false;  // the kernel side will say more about its parent
  // The parent of a root whose request had left when that was found out; invalid: none.
  TraceId late_trace_id;
  SpanId late_parent_id;
};

struct Exchange {
  conn::ConnInfo conn;
  Role role = Role::kServer;
  std::uint32_t tgid = 0;  // process and thread that read (server) or wrote (client) the request
  std::uint32_t tid = 0;
  TraceContext context;

  KernelNanos request_start{};   // first byte of the request
  KernelNanos request_end{};     // its last byte
  KernelNanos response_start{};  // first byte of the final response; zero: none came
  KernelNanos response_end{};    // its last byte seen

  std::string protocol_version;  // "1.0", "1.1"
  std::string method;            // as sent; the span stage maps unknown ones to _OTHER
  std::string target;            // request target as sent, at most 8 KB
  std::string host;              // Host header, or authority of an absolute target
  std::string user_agent;
  std::string forwarded_for;  // first address of X-Forwarded-For or Forwarded, for client.address
  std::string scheme;         // "http" unless a proxy header said otherwise
  int status_code = 0;        // 0: no response
  std::optional<std::uint64_t>
      request_body_size;  // bytes of the body on the wire, framing excluded; nothing: not known
  std::optional<std::uint64_t> response_body_size;
  bool upgraded = false;  // 101 or CONNECT: bytes after the head are another protocol's
  bool incomplete =
      false;  // the connection ended, or bytes were lost, before the response was whole
  // TCP sequence number of the request's first byte on the wire, the same at both ends; 0: not known
  std::uint32_t request_seq = 0;
  std::uint64_t request_number = 0;  // on its connection, from 0, as far as seen
};

}  // namespace clew::protocols
