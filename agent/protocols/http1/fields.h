// The header fields that a span needs, and nothing else: other fields are not even looked at.
#pragma once

#include <string>
#include <string_view>

#include "agent/protocols/http1/head.h"

namespace clew::protocols::http1 {

enum class Field : std::uint8_t {
  kOther,
  kHost,
  kUserAgent,
  kContentLength,
  kTransferEncoding,
  kForwarded,
  kXForwardedFor,
  kXForwardedProto,
  kTraceparent,
  kTracestate,
  kB3,
  kB3TraceId,
  kB3SpanId,
  kB3Sampled,
  kB3Flags,
};

inline bool IsFraming(Field field) {
  return field == Field::kContentLength || field == Field::kTransferEncoding;
}

// Reads one field line, without its line end, into `head`. Returns which it was; a line that is no
// field is kOther.
Field ReadField(std::string_view line, Head& head);

// What a proxy said of the client: the first address of Forwarded (RFC 7239) or X-Forwarded-For,
// without port and brackets, and the scheme. Empty: not said, or not an address ("unknown",
// "_hidden").
struct ForwardedClient {
  std::string_view address;
  std::string_view scheme;  // "http", "https" or empty
};
ForwardedClient ReadForwarded(const Head& head);

// The authority to which a request goes, without user information: of an absolute target, of
// CONNECT, else the Host header. Views of `head`.
std::string_view Authority(const Head& head);

}  // namespace clew::protocols::http1
