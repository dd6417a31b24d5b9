// The head of an HTTP/1.x message: start line and header fields. Source: RFC 9112, sections 2 to 6.
//
//   GET /orders/42 HTTP/1.1 CRLF   Host: shop CRLF   CRLF
//   HTTP/1.1 200 OK CRLF           Content-Length: 2 CRLF   CRLF
//
// We watch, we do not take part: what a real server would refuse is read as well as it can be, but
// a head whose body length is open to interpretation (conflicting lengths, folded framing fields)
// never gets a guessed one.
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/context/extract.h"

namespace clew::protocols::http1 {

// How the length of a body is found (RFC 9112, section 6.3).
enum class Framing : std::uint8_t {
  kNone,
  kLength,
  kChunked,
  kUntilClose,
  kUnknown,  // the head does not tell, or not the part of it that was captured
};

// All views are of the parsed bytes.
struct Head {
  bool is_response = false;
  std::size_t size = 0;  // bytes, the empty line included; of a cut head: all that was there
  char minor_version = '1';
  bool cut = false;  // its end was not captured: fields may be missing

  std::string_view method;  // requests
  std::string_view target;
  int status = 0;  // responses, 100 to 999

  // What the fields say of the body. Transfer-Encoding overrides Content-Length.
  bool has_transfer_encoding = false;
  bool chunked = false;  // the last transfer coding is "chunked"
  bool has_length = false;
  bool ambiguous = false;  // conflicting or invalid: the length is unknown
  std::uint64_t length = 0;

  std::string_view host;
  std::string_view user_agent;
  std::string_view forwarded;  // first Forwarded, X-Forwarded-For, X-Forwarded-Proto
  std::string_view x_forwarded_for;
  std::string_view x_forwarded_proto;
  context::PropagationHeaders propagation;
};

enum class ParseState : std::uint8_t { kOk, kNeedMore, kMalformed };

// `bytes` begin with a start line. kOk: `head` is filled and its views are of `bytes`. Else `head`
// is not to be used. Lines may end with a bare LF; the empty line too.
ParseState ParseHead(std::string_view bytes, Head& head);

// The same for a head of which `bytes` are all that there will ever be: complete lines are read,
// the rest is left. kMalformed when not even the start line is there.
ParseState ParseCutHead(std::string_view bytes, Head& head);

// The size of the head that `bytes` begin with, empty line included; 0: its end is not there yet.
// `scanned` bytes were searched by earlier calls and is moved on, so that a head in many pieces is
// read once.
std::size_t FindHeadEnd(std::string_view bytes, std::size_t& scanned);

// What the first bytes say of a message's start. Sixteen are enough to tell.
enum class Likeness : std::uint8_t {
  kNo,
  kMaybe,  // too short to tell
  kYes,    // "GET /", "HTTP/1.1 2"
};
Likeness LooksLikeRequest(std::string_view bytes);
Likeness LooksLikeResponse(std::string_view bytes);

}  // namespace clew::protocols::http1
