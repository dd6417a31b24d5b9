#include "agent/span/http_span.h"

#include <sys/socket.h>

#include <algorithm>
#include <iterator>

#include "agent/span/target.h"

namespace clew::span {
namespace {

using protocols::Exchange;
using protocols::Role;

constexpr std::string_view kMethods[] = {"GET",     "POST",  "PUT",   "DELETE",  "HEAD",
                                         "OPTIONS", "PATCH", "TRACE", "CONNECT", "QUERY"};
constexpr std::string_view kOther = "_OTHER";
constexpr std::size_t kMaxOriginalMethod = 64;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
// Of what nothing contradicted; the evidence is a thread that waited, not an id.
constexpr double kHandbackConfidence = 0.99;
constexpr std::size_t kExpectedAttributes = 24;

class Attributes {
 public:
  explicit Attributes(std::vector<SpanAttribute>& out) : out_(out) {
    out_.reserve(kExpectedAttributes);
  }
  void Text(std::string_view key, std::string value) {
    if (!value.empty()) out_.emplace_back(key, std::move(value));
  }
  void Number(std::string_view key, std::int64_t value) { out_.emplace_back(key, value); }
  void Real(std::string_view key, double value) { out_.emplace_back(key, value); }

 private:
  std::vector<SpanAttribute>& out_;
};

const char* LinkName(std::uint8_t link) {
  switch (link) {
    case CLEW_LINK_PAYLOAD:
      return "payload";
    case CLEW_LINK_THREAD:
      return "thread";
    case CLEW_LINK_CONTINUATION:
      return "continuation";
    case CLEW_LINK_RUNTIME:
      return "runtime";
    case CLEW_LINK_CLONE:
      return "clone";
    default:
      return "none";
  }
}

// By enum clew_inject; empty for sockets that are not under injection.
constexpr const char* kInjectNames[] = {
    "",
    "inserted",
    "rewritten",
    "adopted",
    "skipped_split_head",
    "skipped_large_head",
    "skipped_no_room",
    "skipped_helper",
    "skipped_unsure",
    "skipped_busy",
    "tcp_option",
    "skipped_option_room",
    "skipped_option_place",
};
static_assert(std::size(kInjectNames) == CLEW_INJECT_MAX);

const char* InjectName(std::uint8_t inject) {
  return inject < CLEW_INJECT_MAX ? kInjectNames[inject] : "";
}

// By enum clew_none; empty when it is not known.
constexpr const char* kNoneNames[] = {"",        "no_evidence", "answered",     "disagreed",
                                      "demoted", "unsure",      "loop_callback"};
static_assert(std::size(kNoneNames) == CLEW_NONE_MAX);

const char* NoneName(std::uint8_t none) { return none < CLEW_NONE_MAX ? kNoneNames[none] : ""; }

// The request named a trace, as far as this end knows.
bool CarriesContext(const Exchange& exchange) {
  const protocols::TraceContext& context = exchange.context;
  if (exchange.role == Role::kServer) return context.origin != CLEW_ORIGIN_NEW;
  return context.inject == CLEW_INJECT_INSERTED || context.inject == CLEW_INJECT_REWRITTEN ||
         context.link == CLEW_LINK_PAYLOAD;
}

// What both ends of the call say alike, so that the collector can join them: with the peer's
// address and port, where on the wire its first byte is. Nothing where a header has said more
// already.
void AddWire(const Exchange& exchange, Attributes& out) {
  const conn::Endpoint& local = exchange.conn.local;
  if (exchange.request_seq == 0 || local.address.empty() || CarriesContext(exchange)) return;
  out.Text("network.local.address", local.address);
  out.Number("network.local.port", local.port);
  out.Number("clew.request.tcp_seq", exchange.request_seq);
}

// Whose call it was, known when its request had left as that of another trace: the collector puts
// the traces together.
void AddLateParent(const protocols::TraceContext& context, Attributes& out) {
  if (!context.late_parent_id.valid() || context.parent_id.valid()) return;
  out.Text("clew.alias.trace_id", context.late_trace_id.ToHex());
  out.Text("clew.alias.span_id", context.late_parent_id.ToHex());
  out.Text("clew.alias.method", "handback");
  out.Real("clew.alias.confidence", kHandbackConfidence);
}

void AddServerUrl(const Exchange& exchange, const Target& target, const std::string& scheme,
                  QueryPolicy policy, Attributes& out) {
  std::string path;
  AppendPath(path, target.path);
  out.Text("url.path", std::move(path));
  std::string query;
  if (!target.query.empty()) AppendQuery(query, target.query, policy);
  out.Text("url.query", std::move(query));
  out.Text("url.scheme", scheme);
  out.Text("client.address",
           exchange.forwarded_for.empty() ? exchange.conn.remote.address : exchange.forwarded_for);
}

void AddClientUrl(const Target& target, std::string_view scheme, std::string_view host,
                  QueryPolicy policy, Attributes& out) {
  if (host.empty()) return;
  std::string url;
  url.reserve(scheme.size() + host.size() + target.path.size() + target.query.size() + 32);
  url.append(scheme).append("://");
  AppendAuthority(url, host);
  if (target.path != "*") AppendPath(url, target.path);
  if (!target.query.empty() && policy != QueryPolicy::kDrop) {
    url.push_back('?');
    AppendQuery(url, target.query, policy);
  }
  RedactUserInformation(url);
  out.Text("url.full", std::move(url));
}

void AddServer(const Exchange& exchange, std::string_view host, std::string_view scheme,
               Attributes& out) {
  const bool server = exchange.role == Role::kServer;
  const conn::Endpoint& end = server ? exchange.conn.local : exchange.conn.remote;
  const Authority authority = ParseAuthority(host);
  out.Text("server.address", authority.host.empty() ? end.address : std::string(authority.host));
  std::uint16_t port = authority.port;
  if (port == 0 && authority.host.empty()) port = end.port;
  if (port == 0) port = scheme == "https" ? kHttpsPort : kHttpPort;
  out.Number("server.port", port);
}

void AddPeer(const Exchange& exchange, Attributes& out) {
  if (exchange.conn.family == AF_UNIX) out.Text("network.transport", "unix");
  if (exchange.conn.remote.address.empty()) return;
  out.Text("network.peer.address", exchange.conn.remote.address);
  out.Number("network.peer.port", exchange.conn.remote.port);
}

// Status and error.type.
void AddOutcome(const Exchange& exchange, Attributes& out, Span& span) {
  const int first_error = exchange.role == Role::kServer ? 500 : 400;
  if (exchange.status_code > 0) out.Number("http.response.status_code", exchange.status_code);
  std::string error;
  if (exchange.status_code >= first_error) {
    error = std::to_string(exchange.status_code);
  } else if (exchange.status_code == 0) {
    error = "connection_closed";
  } else if (exchange.incomplete) {
    error = "incomplete";
  }
  span.status = error.empty() ? StatusCode::kUnset : StatusCode::kError;
  out.Text("error.type", std::move(error));
}

}  // namespace

std::string_view KnownMethod(std::string_view method) {
  const auto known = std::find(std::begin(kMethods), std::end(kMethods), method);
  return known == std::end(kMethods) ? kOther : *known;
}

void DescribeHttp(Exchange& exchange, const std::string& route, QueryPolicy policy, Span& span) {
  const bool server = exchange.role == Role::kServer;
  const std::string_view method = KnownMethod(exchange.method);
  const Target target = ParseTarget(exchange.method, exchange.target);
  const std::string_view host =
      !target.authority.empty() ? target.authority : std::string_view(exchange.host);
  std::string scheme = !target.scheme.empty() ? std::string(target.scheme) : exchange.scheme;
  if (scheme.empty()) scheme = "http";

  span.name = method == kOther ? "HTTP" : method;
  if (server && !route.empty()) span.name.append(" ").append(route);

  Attributes out(span.attributes);
  out.Text("http.request.method", std::string(method));
  if (method == kOther)
    out.Text("http.request.method_original", exchange.method.substr(0, kMaxOriginalMethod));
  if (server) {
    out.Text("http.route", route);
    AddServerUrl(exchange, target, scheme, policy, out);
    out.Text("user_agent.original", std::move(exchange.user_agent));
  } else {
    AddClientUrl(target, scheme, host, policy, out);
  }
  AddServer(exchange, host, scheme, out);
  AddOutcome(exchange, out, span);
  AddPeer(exchange, out);
  AddWire(exchange, out);
  out.Text("network.protocol.version", std::move(exchange.protocol_version));
  if (exchange.request_body_size)
    out.Number("http.request.body.size", static_cast<std::int64_t>(*exchange.request_body_size));
  if (exchange.response_body_size)
    out.Number("http.response.body.size", static_cast<std::int64_t>(*exchange.response_body_size));
  out.Number("thread.id", exchange.tid);
  if (server) {
    out.Text("clew.context.source",
             exchange.context.origin == CLEW_ORIGIN_OPTION ? "tcp_option" : "");
  } else {
    out.Text("clew.link.method", LinkName(exchange.context.link));
    if (exchange.context.link != CLEW_LINK_NONE)
      out.Real("clew.link.confidence", 1.0);
    else
      out.Text("clew.link.none", NoneName(exchange.context.none));
    out.Text("clew.inject", InjectName(exchange.context.inject));
    AddLateParent(exchange.context, out);
  }
}

}  // namespace clew::span
