// The parts of a request target (RFC 9112 section 3.2) and of an authority (RFC 3986 section 3.2).
#pragma once

#include <cstdint>
#include <string_view>

namespace clew::span {

// Views of the target; a part that is not there is empty.
struct Target {
  std::string_view scheme;     // absolute form only
  std::string_view authority;  // absolute form and CONNECT, user information included
  std::string_view path;       // "*" for the asterisk form; empty for CONNECT
  std::string_view query;      // without "?"
};
// Any input gives some target; a fragment, which clients must not send, is cut.
Target ParseTarget(std::string_view method, std::string_view target);

struct Authority {
  std::string_view host;   // brackets of an IPv6 address removed
  std::uint16_t port = 0;  // 0: none, or not a port
};
// User information is skipped: it may hold credentials.
Authority ParseAuthority(std::string_view authority);

}  // namespace clew::span
