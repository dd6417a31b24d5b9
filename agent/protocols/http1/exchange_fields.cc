#include "agent/protocols/http1/exchange_fields.h"

#include <algorithm>

#include "agent/protocols/http1/fields.h"

namespace clew::protocols::http1 {

void CopyRequestFields(const Head& head, Exchange& exchange) {
  const ForwardedClient client = ReadForwarded(head);
  exchange.protocol_version.assign({'1', '.', head.minor_version});
  exchange.method = head.method;
  exchange.target = head.target.substr(0, kMaxTarget);
  exchange.host = Authority(head).substr(0, kMaxText);
  exchange.user_agent = head.user_agent.substr(0, kMaxText);
  exchange.forwarded_for = client.address;
  exchange.scheme = client.scheme.empty() ? "http" : client.scheme;
}

void OrderTimes(Exchange& exchange) {
  if (exchange.status_code != 0) {
    if (exchange.request_start > exchange.response_start) {
      exchange.request_start = exchange.request_end = exchange.response_start;
    }
    exchange.response_end = std::max(exchange.response_start, exchange.response_end);
  }
  exchange.request_end = std::max(exchange.request_start, exchange.request_end);
}

Framing RequestFraming(const Head& head) {
  if (head.cut || head.ambiguous) return Framing::kUnknown;
  if (head.has_transfer_encoding) return head.chunked ? Framing::kChunked : Framing::kUnknown;
  return head.has_length ? Framing::kLength : Framing::kNone;
}

Framing ResponseFraming(const Head& head, bool to_head) {
  if (head.cut) return Framing::kUnknown;  // not even the end of the head is known
  if (to_head || head.status < 200 || head.status == 204 || head.status == 304)
    return Framing::kNone;
  if (head.ambiguous) return Framing::kUnknown;
  if (head.has_transfer_encoding) return head.chunked ? Framing::kChunked : Framing::kUntilClose;
  return head.has_length ? Framing::kLength : Framing::kUntilClose;
}

}  // namespace clew::protocols::http1
