// Copies what a span needs from a head into an exchange, within the limits of its fields.
#pragma once

#include "agent/protocols/exchange.h"
#include "agent/protocols/http1/head.h"

namespace clew::protocols::http1 {

inline constexpr std::size_t kMaxTarget = 8 << 10;  // characters
inline constexpr std::size_t kMaxText = 1 << 10;    // of host and user agent

void CopyRequestFields(const Head& head, Exchange& exchange);

// Times come from records of different processors: a request's record may have been made after that
// of its response, though its bytes moved before. Afterwards each part of the exchange begins
// before it ends, and the response not before the request.
void OrderTimes(Exchange& exchange);

// Framing of a request's body (RFC 9112, section 6.3).
Framing RequestFraming(const Head& head);
// ... and of a response's, to a request that was a HEAD or not. 1xx responses have none.
Framing ResponseFraming(const Head& head, bool to_head);

}  // namespace clew::protocols::http1
