#include "agent/protocols/http1/head.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/context/text.h"
#include "agent/protocols/http1/fields.h"

namespace clew::protocols::http1 {
namespace {

constexpr std::size_t kMaxMethod = 32;
constexpr std::size_t kMaxDetectedMethod = 14;  // so that method, space and '/' are in 16 bytes

// token (RFC 9110, section 5.6.2)
constexpr std::array<bool, 256> MakeTokenTable() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  return table;
}
constexpr std::array<bool, 256> kToken = MakeTokenTable();

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "HTTP/1." digit
bool ParseVersion(std::string_view text, char& minor) {
  if (text.size() != 8 || text.substr(0, 7) != "HTTP/1." || !IsDigit(text[7])) return false;
  minor = text[7];
  return true;
}

bool ParseRequestLine(std::string_view line, Head& head) {
  const std::size_t first = line.find(' ');
  if (first == std::string_view::npos || first == 0 || first > kMaxMethod) return false;
  const std::size_t last = line.size() < 9 ? 0 : line.size() - 9;  // " HTTP/1.1"
  if (last <= first + 1 || line[last] != ' ') return false;
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  const auto is_token = [](char c) { return kToken[static_cast<unsigned char>(c)]; };
  const auto is_visible = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
  return ParseVersion(line.substr(last + 1), head.minor_version) &&
         std::all_of(head.method.begin(), head.method.end(), is_token) &&
         std::all_of(head.target.begin(), head.target.end(), is_visible);
}

bool ParseStatusLine(std::string_view line, Head& head) {
  if (line.size() < 12 || line[8] != ' ') return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  if (!ParseVersion(line.substr(0, 8), head.minor_version)) return false;
  if (!IsDigit(line[9]) || !IsDigit(line[10]) || !IsDigit(line[11]) || line[9] == '0') return false;
  head.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  return true;
}

// Takes the first line off `rest`, without its end. False: there is no line end.
bool TakeLine(std::string_view& rest, std::string_view& line) {
  const auto* end = static_cast<const char*>(std::memchr(rest.data(), '\n', rest.size()));
  if (end == nullptr) return false;
  const std::size_t length = static_cast<std::size_t>(end - rest.data());
  line = rest.substr(0, length > 0 && rest[length - 1] == '\r' ? length - 1 : length);
  rest.remove_prefix(length + 1);
  return true;
}

ParseState Parse(std::string_view bytes, bool cut, Head& head) {
  head = Head{};
  std::string_view rest = bytes, line;
  if (rest.empty() || !TakeLine(rest, line))
    return cut ? ParseState::kMalformed : ParseState::kNeedMore;
  head.is_response = line.starts_with("HTTP/");
  if (!(head.is_response ? ParseStatusLine(line, head) : ParseRequestLine(line, head))) {
    return ParseState::kMalformed;
  }
  Field previous = Field::kOther;
  while (!rest.empty() && TakeLine(rest, line)) {
    if (line.empty()) {
      head.size = bytes.size() - rest.size();
      return ParseState::kOk;
    }
    if (line[0] == ' ' || line[0] == '\t') {
      // A folded line: nobody sends them. Only for the framing it matters that we do not join them.
      if (IsFraming(previous)) head.ambiguous = true;
      continue;
    }
    previous = ReadField(line, head);
  }
  if (!cut) return ParseState::kNeedMore;
  head.cut = true;
  head.size = bytes.size();
  return ParseState::kOk;
}

}  // namespace

ParseState ParseHead(std::string_view bytes, Head& head) { return Parse(bytes, false, head); }

ParseState ParseCutHead(std::string_view bytes, Head& head) { return Parse(bytes, true, head); }

std::size_t FindHeadEnd(std::string_view bytes, std::size_t& scanned) {
  std::size_t at = scanned;
  while (at < bytes.size()) {
    const auto* found =
        static_cast<const char*>(std::memchr(bytes.data() + at, '\n', bytes.size() - at));
    if (found == nullptr) {
      scanned = bytes.size();
      return 0;
    }
    const std::size_t newline = static_cast<std::size_t>(found - bytes.data());
    const std::string_view after = bytes.substr(newline + 1);
    if (after.starts_with('\n')) return newline + 2;
    if (after.starts_with("\r\n")) return newline + 3;
    if (after.empty() || after == "\r") {
      scanned = newline;  // this line end is to be seen again, with what follows it
      return 0;
    }
    at = newline + 1;
  }
  scanned = at;
  return 0;
}

Likeness LooksLikeRequest(std::string_view bytes) {
  std::size_t i = 0;
  while (i < bytes.size() && i <= kMaxDetectedMethod &&
         ((bytes[i] >= 'A' && bytes[i] <= 'Z') || bytes[i] == '-' || bytes[i] == '_')) {
    ++i;
  }
  if (i > kMaxDetectedMethod) return Likeness::kNo;
  if (i == bytes.size()) return Likeness::kMaybe;
  if (i == 0 || bytes[i] != ' ') return Likeness::kNo;
  const std::string_view method = bytes.substr(0, i), target = bytes.substr(i + 1);
  if (target.empty()) return Likeness::kMaybe;
  // "EHLO host", "SET key", "MAIL FROM:" have a first word too; their second one does not begin
  // like a target.
  if (target[0] == '/') return Likeness::kYes;
  if (target[0] == '*')
    return target.size() < 2 ? Likeness::kMaybe : target[1] == ' ' ? Likeness::kYes : Likeness::kNo;
  if (method == "CONNECT") return Likeness::kYes;
  const std::string_view scheme = "http";
  const std::size_t common = std::min(target.size(), scheme.size());
  if (target.substr(0, common) != scheme.substr(0, common)) return Likeness::kNo;
  return common == scheme.size() ? Likeness::kYes : Likeness::kMaybe;
}

Likeness LooksLikeResponse(std::string_view bytes) {
  constexpr std::string_view kVersion = "HTTP/1.";
  const std::size_t common = std::min(bytes.size(), kVersion.size());
  if (bytes.substr(0, common) != kVersion.substr(0, common)) return Likeness::kNo;
  if (bytes.size() > 7 && !IsDigit(bytes[7])) return Likeness::kNo;
  if (bytes.size() > 8 && bytes[8] != ' ') return Likeness::kNo;
  if (bytes.size() > 9 && !IsDigit(bytes[9])) return Likeness::kNo;
  return bytes.size() > 9 ? Likeness::kYes : Likeness::kMaybe;
}

}  // namespace clew::protocols::http1
