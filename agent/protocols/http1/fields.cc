#include "agent/protocols/http1/fields.h"

#include <algorithm>

#include "agent/context/text.h"

namespace clew::protocols::http1 {
namespace {

using context::EqualsLower;
using context::LowerAscii;
using context::TrimOws;

// By length first: of some twenty fields of a request, most are ruled out by that alone.
Field Classify(std::string_view name) {
  const auto is = [name](std::string_view lower, Field field) {
    return EqualsLower(name, lower) ? field : Field::kOther;
  };
  switch (name.size()) {
    case 2:
      return is("b3", Field::kB3);
    case 4:
      return is("host", Field::kHost);
    case 9:
      return is("forwarded", Field::kForwarded);
    case 10:
      switch (LowerAscii(name[0])) {
        case 'u':
          return is("user-agent", Field::kUserAgent);
        case 't':
          return is("tracestate", Field::kTracestate);
        default:
          return is("x-b3-flags", Field::kB3Flags);
      }
    case 11:
      return LowerAscii(name[0]) == 't' ? is("traceparent", Field::kTraceparent)
                                        : is("x-b3-spanid", Field::kB3SpanId);
    case 12:
      return LowerAscii(name[5]) == 't' ? is("x-b3-traceid", Field::kB3TraceId)
                                        : is("x-b3-sampled", Field::kB3Sampled);
    case 14:
      return is("content-length", Field::kContentLength);
    case 15:
      return is("x-forwarded-for", Field::kXForwardedFor);
    case 17:
      return LowerAscii(name[0]) == 't' ? is("transfer-encoding", Field::kTransferEncoding)
                                        : is("x-forwarded-proto", Field::kXForwardedProto);
    default:
      return Field::kOther;
  }
}

// DIGIT* without overflow of the 63 bits that every implementation can hold.
bool ParseLength(std::string_view text, std::uint64_t& length) {
  if (text.empty() || text.size() > 18) return false;
  length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

// Content-Length may come twice, or as a list, if all say the same (RFC 9110, section 8.6).
void ReadLength(std::string_view value, Head& head) {
  for (bool more = true; more;) {
    const std::size_t comma = value.find(',');
    std::uint64_t length = 0;
    if (!ParseLength(TrimOws(value.substr(0, comma)), length) ||
        (head.has_length && head.length != length)) {
      head.ambiguous = true;
      return;
    }
    head.has_length = true;
    head.length = length;
    more = comma != std::string_view::npos;
    if (more) value.remove_prefix(comma + 1);
  }
}

// Only the last coding of the last field decides; "chunked" before another one is an error that
// nobody can frame.
void ReadTransferEncoding(std::string_view value, Head& head) {
  if (head.chunked) head.ambiguous = true;
  head.has_transfer_encoding = true;
  const std::size_t comma = value.rfind(',');
  head.chunked = EqualsLower(
      TrimOws(comma == std::string_view::npos ? value : value.substr(comma + 1)), "chunked");
}

// A value that is kept as text; the first one counts, one with control characters does not.
void SetText(std::string_view value, std::string_view& out) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (out.empty() && std::none_of(value.begin(), value.end(), is_control)) out = value;
}

// "192.0.2.1:4711", "[2001:db8::1]:4711", "2001:db8::1" -> the address alone.
std::string_view StripPort(std::string_view node) {
  if (node.starts_with('[')) {
    const std::size_t close = node.find(']');
    return close == std::string_view::npos ? std::string_view() : node.substr(1, close - 1);
  }
  const std::size_t colon = node.find(':');
  const bool one_colon =
      colon != std::string_view::npos && node.find(':', colon + 1) == std::string_view::npos;
  return one_colon ? node.substr(0, colon) : node;
}

bool IsAddress(std::string_view text) {
  const auto is_part = [](char c) {
    return (c >= '0' && c <= '9') || (LowerAscii(c) >= 'a' && LowerAscii(c) <= 'f') || c == ':' ||
           c == '.';
  };
  return !text.empty() && text.size() <= 45 && std::all_of(text.begin(), text.end(), is_part);
}

std::string_view KnownScheme(std::string_view text) {
  if (EqualsLower(text, "https")) return "https";
  if (EqualsLower(text, "http")) return "http";
  return {};
}

}  // namespace

Field ReadField(std::string_view line, Head& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Field::kOther;
  const Field field = Classify(line.substr(0, colon));
  if (field == Field::kOther) return field;
  const std::string_view value = TrimOws(line.substr(colon + 1));
  switch (field) {
    case Field::kHost:
      SetText(value, head.host);
      break;
    case Field::kUserAgent:
      SetText(value, head.user_agent);
      break;
    case Field::kContentLength:
      ReadLength(value, head);
      break;
    case Field::kTransferEncoding:
      ReadTransferEncoding(value, head);
      break;
    case Field::kForwarded:
      SetText(value, head.forwarded);
      break;
    case Field::kXForwardedFor:
      SetText(value, head.x_forwarded_for);
      break;
    case Field::kXForwardedProto:
      SetText(value, head.x_forwarded_proto);
      break;
    case Field::kTraceparent:
      head.propagation.traceparent = value;
      ++head.propagation.traceparent_count;
      break;
    case Field::kTracestate:
      head.propagation.tracestate.push_back(value);
      break;
    case Field::kB3:
      SetText(value, head.propagation.b3);
      break;
    case Field::kB3TraceId:
      SetText(value, head.propagation.b3_multi.trace_id);
      break;
    case Field::kB3SpanId:
      SetText(value, head.propagation.b3_multi.span_id);
      break;
    case Field::kB3Sampled:
      SetText(value, head.propagation.b3_multi.sampled);
      break;
    case Field::kB3Flags:
      SetText(value, head.propagation.b3_multi.flags);
      break;
    case Field::kOther:
      break;
  }
  return field;
}

ForwardedClient ReadForwarded(const Head& head) {
  ForwardedClient client;
  if (!head.forwarded.empty()) {
    // for=192.0.2.60;proto=http;by=203.0.113.43, for="[2001:db8::1]"
    std::string_view element = head.forwarded.substr(0, head.forwarded.find(','));
    for (bool more = true; more;) {
      const std::size_t semicolon = element.find(';');
      const std::string_view pair = TrimOws(element.substr(0, semicolon));
      more = semicolon != std::string_view::npos;
      if (more) element.remove_prefix(semicolon + 1);
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos) continue;
      std::string_view value = pair.substr(equals + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      const std::string_view name = pair.substr(0, equals);
      if (EqualsLower(name, "for")) client.address = StripPort(value);
      if (EqualsLower(name, "proto")) client.scheme = KnownScheme(value);
    }
  } else if (!head.x_forwarded_for.empty()) {
    client.address =
        StripPort(TrimOws(head.x_forwarded_for.substr(0, head.x_forwarded_for.find(','))));
  }
  if (!IsAddress(client.address)) client.address = {};
  if (client.scheme.empty()) {
    client.scheme =
        KnownScheme(TrimOws(head.x_forwarded_proto.substr(0, head.x_forwarded_proto.find(','))));
  }
  return client;
}

std::string_view Authority(const Head& head) {
  std::string_view authority = head.host;
  if (head.method == "CONNECT") {
    authority = head.target;
  } else if (head.target.size() > 7 && LowerAscii(head.target[0]) == 'h') {
    const std::size_t scheme = head.target.find("://");
    if (scheme == 4 || scheme == 5) {
      const std::string_view rest = head.target.substr(scheme + 3);
      authority = rest.substr(0, rest.find_first_of("/?#"));
    }
  }
  const std::size_t at = authority.rfind('@');
  return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

}  // namespace clew::protocols::http1
