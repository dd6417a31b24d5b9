// Keeps credentials out of URLs before they reach a span.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace clew::span {

enum class QueryPolicy : std::uint8_t {
  kRedact,  // keys stay, every value becomes "REDACTED"
  kKeep,    // values stay, except those that the HTTP conventions name as signatures, and what is
            // called like a secret
  kDrop,    // no query at all
};

// Appends `authority` ("user:password@host:port") to `out`; what comes before its last "@" becomes
// "REDACTED:REDACTED@", whatever bytes it has: a malformed one must not show a password either.
void AppendAuthority(std::string& out, std::string_view authority);

// Appends `query` (without "?") to `out` as the policy says.
void AppendQuery(std::string& out, std::string_view query, QueryPolicy policy);

// Appends `path` to `out`; the values of session parameters (";jsessionid=...") become "REDACTED",
// and so does the user information of URLs in it ("/proxy/http://user:password@host/").
void AppendPath(std::string& out, std::string_view path);

// Replaces the user information of every URL in `text` ("://user:password@") by
// "REDACTED:REDACTED@".
void RedactUserInformation(std::string& text);

}  // namespace clew::span
