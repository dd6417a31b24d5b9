#include "agent/span/redact.h"

#include <algorithm>
#include <cctype>

namespace clew::span {
namespace {

constexpr std::string_view kRedacted = "REDACTED";
constexpr std::string_view kRedactedUser = "REDACTED:REDACTED@";

// Keys whose value is never kept. The first four: OpenTelemetry HTTP conventions, url.query.
constexpr std::string_view kSecretKeys[] = {"awsaccesskeyid",
                                            "signature",
                                            "sig",
                                            "x-goog-signature",
                                            "x-amz-signature",
                                            "x-amz-credential",
                                            "x-amz-security-token",
                                            "token",
                                            "access_token",
                                            "id_token",
                                            "refresh_token",
                                            "auth",
                                            "authorization",
                                            "password",
                                            "passwd",
                                            "pwd",
                                            "secret",
                                            "client_secret",
                                            "api_key",
                                            "apikey",
                                            "key",
                                            "code",
                                            "session",
                                            "sessionid"};

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

bool IsSecret(std::string_view key) {
  return std::any_of(std::begin(kSecretKeys), std::end(kSecretKeys),
                     [key](std::string_view secret) { return EqualsIgnoringCase(key, secret); });
}

}  // namespace

void RedactUserInformation(std::string& text) {
  constexpr std::string_view kBegin = "://";
  for (auto at = text.find(kBegin); at != text.npos; at = text.find(kBegin, at)) {
    at += kBegin.size();
    const auto end = std::min(text.find_first_of("/?", at), text.size());
    const auto last = std::string_view(text).substr(at, end - at).rfind('@');
    if (last != std::string_view::npos) text.replace(at, last + 1, kRedactedUser);
  }
}

void AppendAuthority(std::string& out, std::string_view authority) {
  const auto last = authority.rfind('@');
  if (last != authority.npos) {
    out += kRedactedUser;
    authority.remove_prefix(last + 1);
  }
  out += authority;
}

void AppendQuery(std::string& out, std::string_view query, QueryPolicy policy) {
  if (policy == QueryPolicy::kDrop) return;
  while (true) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const auto equals = pair.find('=');
    const std::string_view key = pair.substr(0, equals);
    if (equals == pair.npos) {
      // "?token" alone: a value without a key, or a flag. Only kKeep can tell that it may be shown.
      out += policy == QueryPolicy::kKeep || pair.empty() ? pair : kRedacted;
    } else {
      out.append(key).push_back('=');
      out += policy == QueryPolicy::kKeep && !IsSecret(key) ? pair.substr(equals + 1) : kRedacted;
    }
    if (end == query.npos) return;
    out.push_back('&');
    query.remove_prefix(end + 1);
  }
}

void AppendPath(std::string& out, std::string_view path) {
  constexpr std::string_view kSessionKeys[] = {"jsessionid", "phpsessid", "sid"};
  std::string safe;
  safe.reserve(path.size());
  while (true) {
    const auto semicolon = path.find(';');
    safe += path.substr(0, semicolon);
    if (semicolon == path.npos) break;
    path.remove_prefix(semicolon + 1);
    const std::string_view parameter = path.substr(0, path.find_first_of(";/"));
    const auto equals = parameter.find('=');
    const bool secret =
        equals != parameter.npos &&
        std::any_of(std::begin(kSessionKeys), std::end(kSessionKeys), [&](std::string_view key) {
          return EqualsIgnoringCase(parameter.substr(0, equals), key);
        });
    safe.push_back(';');
    if (secret) safe.append(parameter.substr(0, equals + 1)).append(kRedacted);
    if (secret) path.remove_prefix(parameter.size());
  }
  RedactUserInformation(safe);
  out += safe;
}

}  // namespace clew::span
