// A request of any bytes becomes a span that protobuf can read, and the bytes of a password in its
// URL are not in it.
//
// Input: role and status in the first two bytes, then method, target, host and user agent, each
// ended by a NUL.
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/export/otlp_encoder.h"
#include "agent/span/http_span.h"
#include "agent/span/route.h"
#include "agent/span/target.h"
#include "base/result.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clew;  // NOLINT(google-build-using-namespace)
  if (size < 2) return 0;
  protocols::Exchange exchange;
  exchange.role = (data[0] & 1) != 0 ? protocols::Role::kServer : protocols::Role::kClient;
  exchange.status_code = (data[0] & 2) != 0 ? 0 : 100 + data[1] * 2;
  exchange.incomplete = (data[0] & 4) != 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  for (std::string* field :
       {&exchange.method, &exchange.target, &exchange.host, &exchange.user_agent}) {
    *field = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), field->size() + 1));
  }

  span::Span span;
  span.resource = std::make_shared<span::Resource>();
  const span::Target target = span::ParseTarget(exchange.method, exchange.target);
  const auto at = target.authority.rfind('@');
  const std::string user(target.authority.substr(0, at == std::string_view::npos ? 0 : at + 1));
  span::RouteTable routes({.nodes = 8, .fan_out = 2, .depth = 3, .established = 2});
  for (int i = 0; i < 3; ++i) {
    const std::string route = routes.Route("shop", target.path, i > 0);
    CLEW_CHECK(route.size() <= target.path.size() + 64);
    if (i < 2) continue;
    span::DescribeHttp(exchange, route, span::QueryPolicy::kRedact, span);
  }
  for (const auto& [key, value] : span.attributes) {
    const auto* text = std::get_if<std::string>(&value);
    // Longer than what occurs by chance in the rest of a URL.
    if (text != nullptr && key == "url.full" && user.size() > 8 &&
        user.find("REDACTED") == std::string::npos) {
      CLEW_CHECK(text->find("://" + user) == std::string::npos);
    }
  }
  std::string bytes;
  exporting::EncodeSpan(span, bytes);
  opentelemetry::proto::trace::v1::Span read;
  CLEW_CHECK(read.ParseFromString(bytes));
  CLEW_CHECK(static_cast<std::size_t>(read.attributes_size()) == span.attributes.size());
  return 0;
}
