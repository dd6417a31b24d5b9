#include "agent/span/target.h"

#include <charconv>

namespace clew::span {

Target ParseTarget(std::string_view method, std::string_view target) {
  Target out;
  if (method == "CONNECT") {
    out.authority = target;
    return out;
  }
  target = target.substr(0, target.find('#'));
  if (!target.empty() && target[0] != '/') {
    const auto scheme_end = target.find("://");
    // Before the path begins: a URL inside a query is not ours.
    if (scheme_end != target.npos && target.find_first_of("/?") == scheme_end + 1) {
      out.scheme = target.substr(0, scheme_end);
      target.remove_prefix(scheme_end + 3);
      const auto authority_end = target.find_first_of("/?");
      out.authority = target.substr(0, authority_end);
      target = authority_end == target.npos ? std::string_view() : target.substr(authority_end);
    }
  }
  const auto question = target.find('?');
  out.path = target.substr(0, question);
  if (question != target.npos) out.query = target.substr(question + 1);
  if (out.path.empty()) out.path = "/";
  return out;
}

Authority ParseAuthority(std::string_view authority) {
  Authority out;
  if (const auto at = authority.rfind('@'); at != authority.npos) authority.remove_prefix(at + 1);
  std::string_view port;
  if (!authority.empty() && authority[0] == '[') {
    const auto close = authority.find(']');
    out.host = authority.substr(1, close == authority.npos ? close : close - 1);
    if (close != authority.npos && close + 1 < authority.size() && authority[close + 1] == ':') {
      port = authority.substr(close + 2);
    }
  } else {
    const auto colon = authority.find(':');
    out.host = authority.substr(0, colon);
    if (colon != authority.npos) port = authority.substr(colon + 1);
  }
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error == std::errc() && end == port.data() + port.size()) out.port = number;
  return out;
}

}  // namespace clew::span
