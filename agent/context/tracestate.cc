#include "agent/context/tracestate.h"

#include <algorithm>
#include <vector>

#include "agent/context/text.h"

namespace clew::context {
namespace {

constexpr std::size_t kMaxKey = 256;
constexpr std::size_t kMaxValue = 256;
constexpr std::size_t kLongMember = 128;  // section 3.3.1.5: these go first

bool IsKeyStart(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool IsKeyChar(char c) {
  return IsKeyStart(c) || c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
}
bool IsValueChar(char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; }

// `member` is trimmed and not empty, so its value cannot end with a space.
bool IsMember(std::string_view member) {
  const std::size_t equals = member.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = member.substr(0, equals), value = member.substr(equals + 1);
  return !key.empty() && key.size() <= kMaxKey && IsKeyStart(key[0]) &&
         std::all_of(key.begin(), key.end(), IsKeyChar) && !value.empty() &&
         value.size() <= kMaxValue && std::all_of(value.begin(), value.end(), IsValueChar);
}

std::size_t JoinedSize(const std::vector<std::string_view>& members) {
  std::size_t size = members.empty() ? 0 : members.size() - 1;
  for (const std::string_view member : members) size += member.size();
  return size;
}

void Shorten(std::vector<std::string_view>& members) {
  std::size_t size = JoinedSize(members);
  for (auto it = members.end(); it != members.begin() && size > kMaxTracestateSize;) {
    --it;
    if (it->size() <= kLongMember) continue;
    size -= it->size() + 1;
    it = members.erase(it);
  }
  while (JoinedSize(members) > kMaxTracestateSize) members.pop_back();
}

}  // namespace

std::optional<std::string> CombineTracestate(std::span<const std::string_view> values) {
  std::vector<std::string_view> members;
  for (std::string_view rest : values) {
    for (bool more = true; more;) {
      const std::size_t comma = rest.find(',');
      const std::string_view member = TrimOws(rest.substr(0, comma));
      more = comma != std::string_view::npos;
      if (more) rest.remove_prefix(comma + 1);
      if (member.empty()) continue;
      if (!IsMember(member) || members.size() == kMaxTracestateMembers) return std::nullopt;
      members.push_back(member);
    }
  }
  Shorten(members);
  std::string joined;
  joined.reserve(JoinedSize(members));
  for (const std::string_view member : members) {
    if (!joined.empty()) joined += ',';
    joined += member;
  }
  return joined;
}

}  // namespace clew::context
