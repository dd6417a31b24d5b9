#include "agent/span/http_span.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace clew::span {
namespace {

using protocols::Exchange;
using protocols::Role;

Exchange Get(Role role) {
  Exchange exchange;
  exchange.role = role;
  exchange.tid = 77;
  exchange.conn.family = AF_INET;
  exchange.conn.local = {"10.0.0.1", 8080};
  exchange.conn.remote = {"10.0.0.2", 5555};
  exchange.protocol_version = "1.1";
  exchange.method = "GET";
  exchange.target = "/orders/42?user=bob";
  exchange.host = "shop.example:8080";
  exchange.user_agent = "curl/8";
  exchange.status_code = 200;
  exchange.request_body_size = 0;
  exchange.response_body_size = 12;
  return exchange;
}

Span Describe(Exchange exchange, const std::string& route = "/orders/{id}") {
  Span span;
  DescribeHttp(exchange, route, QueryPolicy::kRedact, span);
  return span;
}

// As text; "-" when it is not there.
std::string Of(const Span& span, std::string_view key) {
  for (const auto& [name, value] : span.attributes) {
    if (name != key) continue;
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
    if (const auto* real = std::get_if<double>(&value)) return std::to_string(*real);
    return std::get<bool>(value) ? "true" : "false";
  }
  return "-";
}

TEST(HttpSpan, AServerSpanSaysThatItsContextCameInATcpOption) {
  Exchange exchange = Get(Role::kServer);
  EXPECT_EQ(Of(Describe(exchange), "clew.context.source"), "-");
  exchange.context.origin = CLEW_ORIGIN_OPTION;
  EXPECT_EQ(Of(Describe(exchange), "clew.context.source"), "tcp_option");
}

TEST(HttpSpan, AServerSpanSaysWhatTheConventionsAskFor) {
  const Span span = Describe(Get(Role::kServer));
  EXPECT_EQ(span.name, "GET /orders/{id}");
  EXPECT_EQ(span.status, StatusCode::kUnset);
  EXPECT_EQ(Of(span, "http.request.method"), "GET");
  EXPECT_EQ(Of(span, "http.route"), "/orders/{id}");
  EXPECT_EQ(Of(span, "url.path"), "/orders/42");
  EXPECT_EQ(Of(span, "url.query"), "user=REDACTED");
  EXPECT_EQ(Of(span, "url.scheme"), "http");
  EXPECT_EQ(Of(span, "http.response.status_code"), "200");
  EXPECT_EQ(Of(span, "network.protocol.version"), "1.1");
  EXPECT_EQ(Of(span, "server.address"), "shop.example");
  EXPECT_EQ(Of(span, "server.port"), "8080");
  EXPECT_EQ(Of(span, "client.address"), "10.0.0.2");
  EXPECT_EQ(Of(span, "network.peer.address"), "10.0.0.2");
  EXPECT_EQ(Of(span, "network.peer.port"), "5555");
  EXPECT_EQ(Of(span, "user_agent.original"), "curl/8");
  EXPECT_EQ(Of(span, "http.request.body.size"), "0");
  EXPECT_EQ(Of(span, "http.response.body.size"), "12");
  EXPECT_EQ(Of(span, "thread.id"), "77");
  EXPECT_EQ(Of(span, "error.type"), "-");
  EXPECT_EQ(Of(span, "url.full"), "-");
  EXPECT_EQ(Of(span, "clew.link.method"), "-");
}

TEST(HttpSpan, AClientSpanSaysWhereItWentAndHowItWasLinked) {
  Exchange exchange = Get(Role::kClient);
  exchange.context.link = CLEW_LINK_THREAD;
  exchange.context.inject = CLEW_INJECT_INSERTED;
  const Span span = Describe(exchange, "");
  EXPECT_EQ(span.name, "GET");
  EXPECT_EQ(Of(span, "url.full"), "http://shop.example:8080/orders/42?user=REDACTED");
  EXPECT_EQ(Of(span, "server.address"), "shop.example");
  EXPECT_EQ(Of(span, "network.peer.address"), "10.0.0.2");
  EXPECT_EQ(Of(span, "clew.link.method"), "thread");
  EXPECT_EQ(Of(span, "clew.link.confidence"), std::to_string(1.0));
  EXPECT_EQ(Of(span, "clew.inject"), "inserted");
  for (const char* key : {"http.route", "url.path", "client.address"})
    EXPECT_EQ(Of(span, key), "-") << key;
}

TEST(HttpSpan, WithoutEvidenceTheLinkIsNoneAndHasNoConfidence) {
  const Span span = Describe(Get(Role::kClient), "");
  EXPECT_EQ(Of(span, "clew.link.method"), "none");
  EXPECT_EQ(Of(span, "clew.link.confidence"), "-");
  EXPECT_EQ(Of(span, "clew.inject"), "-");
}

TEST(HttpSpan, WithoutAParentTheSpanSaysWhy) {
  Exchange exchange = Get(Role::kClient);
  exchange.context.none = CLEW_NONE_ANSWERED;
  EXPECT_EQ(Of(Describe(exchange, ""), "clew.link.none"), "answered");
  exchange.context.link = CLEW_LINK_THREAD;
  EXPECT_EQ(Of(Describe(exchange, ""), "clew.link.none"), "-");
  exchange.context = {};
  exchange.context.none = 200;
  EXPECT_EQ(Of(Describe(exchange, ""), "clew.link.none"), "-");
}

TEST(HttpSpan, WhereNoHeaderWentTheRequestIsNamedByItsPlaceOnTheWire) {
  for (const Role role : {Role::kServer, Role::kClient}) {
    Exchange exchange = Get(role);
    exchange.request_seq = 4'000'000'000;
    exchange.conn.local = {"10.0.0.1", 8080};
    exchange.context.origin = CLEW_ORIGIN_NEW;
    const Span span = Describe(exchange);
    EXPECT_EQ(Of(span, "network.local.address"), "10.0.0.1");
    EXPECT_EQ(Of(span, "network.local.port"), "8080");
    EXPECT_EQ(Of(span, "clew.request.tcp_seq"), "4000000000");
    exchange.request_seq = 0;
    EXPECT_EQ(Of(Describe(exchange), "network.local.address"), "-") << "it is not known";
  }
}

TEST(HttpSpan, WhereAHeaderWentThereIsNothingToJoin) {
  Exchange server = Get(Role::kServer);
  server.request_seq = 1;
  server.conn.local = {"10.0.0.1", 8080};
  for (const std::uint8_t origin : {CLEW_ORIGIN_TRACEPARENT, CLEW_ORIGIN_B3}) {
    server.context.origin = origin;
    EXPECT_EQ(Of(Describe(server), "clew.request.tcp_seq"), "-");
  }
  Exchange client = Get(Role::kClient);
  client.request_seq = 1;
  client.conn.local = {"10.0.0.1", 8080};
  for (const std::uint8_t inject : {CLEW_INJECT_INSERTED, CLEW_INJECT_REWRITTEN}) {
    client.context.inject = inject;
    EXPECT_EQ(Of(Describe(client), "clew.request.tcp_seq"), "-");
  }
}

TEST(HttpSpan, ACallWhoseParentWasFoundLateClaimsIt) {
  Exchange exchange = Get(Role::kClient);
  EXPECT_EQ(Of(Describe(exchange), "clew.alias.trace_id"), "-");
  exchange.context.late_trace_id.bytes[0] = 0xab;
  exchange.context.late_parent_id.bytes[7] = 0xcd;
  const Span span = Describe(exchange);
  EXPECT_EQ(Of(span, "clew.alias.trace_id"), "ab" + std::string(30, '0'));
  EXPECT_EQ(Of(span, "clew.alias.span_id"), std::string(14, '0') + "cd");
  EXPECT_EQ(Of(span, "clew.alias.method"), "handback");
  EXPECT_EQ(Of(span, "clew.alias.confidence"), "0.990000");
  EXPECT_EQ(Of(span, "clew.link.method"), "none");
  exchange.context.parent_id.bytes[0] = 1;
  EXPECT_EQ(Of(Describe(exchange), "clew.alias.trace_id"), "-") << "it has a parent of its own";
}

TEST(HttpSpan, CredentialsInAUrlNeverReachASpan) {
  Exchange exchange = Get(Role::kClient);
  exchange.target = "http://bob:hunter2@shop/a;jsessionid=hunter2?password=hunter2";
  Span span = Describe(exchange, "");
  EXPECT_EQ(Of(span, "url.full"),
            "http://REDACTED:REDACTED@shop/a;jsessionid=REDACTED?password=REDACTED");
  exchange.role = Role::kServer;
  exchange.host = "bob:hunter2@shop";
  for (const Span& each : {span, Describe(exchange)}) {
    for (const auto& [key, value] : each.attributes) {
      const auto* text = std::get_if<std::string>(&value);
      EXPECT_TRUE(text == nullptr || text->find("hunter2") == std::string::npos) << key;
    }
  }
}

TEST(HttpSpan, StatusFollowsTheConventionOfEachKind) {
  const auto outcome = [](Role role, int status, bool incomplete) {
    Exchange exchange = Get(role);
    exchange.status_code = status;
    exchange.incomplete = incomplete;
    const Span span = Describe(exchange);
    return std::pair(span.status, Of(span, "error.type"));
  };
  using Outcome = std::pair<StatusCode, std::string>;
  EXPECT_EQ(outcome(Role::kServer, 404, false), Outcome(StatusCode::kUnset, "-"));
  EXPECT_EQ(outcome(Role::kClient, 404, false), Outcome(StatusCode::kError, "404"));
  EXPECT_EQ(outcome(Role::kServer, 503, false), Outcome(StatusCode::kError, "503"));
  EXPECT_EQ(outcome(Role::kServer, 503, true), Outcome(StatusCode::kError, "503"));
  EXPECT_EQ(outcome(Role::kClient, 399, false), Outcome(StatusCode::kUnset, "-"));
  EXPECT_EQ(outcome(Role::kClient, 200, true), Outcome(StatusCode::kError, "incomplete"));
  EXPECT_EQ(outcome(Role::kClient, 0, true), Outcome(StatusCode::kError, "connection_closed"));
}

TEST(HttpSpan, UnknownMethodsAreOther) {
  Exchange exchange = Get(Role::kServer);
  exchange.method = "get";
  const Span span = Describe(exchange);
  EXPECT_EQ(span.name, "HTTP /orders/{id}");
  EXPECT_EQ(Of(span, "http.request.method"), "_OTHER");
  EXPECT_EQ(Of(span, "http.request.method_original"), "get");
}

TEST(HttpSpan, TheServerIsTheSocketsEndWhenNoHostWasSent) {
  Exchange exchange = Get(Role::kServer);
  exchange.host.clear();
  EXPECT_EQ(Of(Describe(exchange), "server.address"), "10.0.0.1");
  EXPECT_EQ(Of(Describe(exchange), "server.port"), "8080");
  exchange.role = Role::kClient;
  EXPECT_EQ(Of(Describe(exchange), "server.address"), "10.0.0.2");
  EXPECT_EQ(Of(Describe(exchange), "server.port"), "5555");
  EXPECT_EQ(Of(Describe(exchange), "url.full"), "-");
  exchange.host = "shop";
  EXPECT_EQ(Of(Describe(exchange), "server.port"), "80");
  exchange.scheme = "https";
  EXPECT_EQ(Of(Describe(exchange), "server.port"), "443");
}

TEST(HttpSpan, UnixSocketsHaveATransportAndNoPeer) {
  Exchange exchange = Get(Role::kServer);
  exchange.conn.family = AF_UNIX;
  exchange.conn.local = exchange.conn.remote = {};
  const Span span = Describe(exchange);
  EXPECT_EQ(Of(span, "network.transport"), "unix");
  EXPECT_EQ(Of(span, "network.peer.address"), "-");
  EXPECT_EQ(Of(span, "client.address"), "-");
}

TEST(HttpSpan, ConnectNamesItsTargetAsTheServer) {
  Exchange exchange = Get(Role::kClient);
  exchange.method = "CONNECT";
  exchange.target = "bank.example:443";
  const Span span = Describe(exchange, "");
  EXPECT_EQ(span.name, "CONNECT");
  EXPECT_EQ(Of(span, "server.address"), "bank.example");
  EXPECT_EQ(Of(span, "server.port"), "443");
}

}  // namespace
}  // namespace clew::span
