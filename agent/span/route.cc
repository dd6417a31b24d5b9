#include "agent/span/route.h"

#include <algorithm>
#include <functional>

#include "base/hex.h"

namespace clew::span {

namespace {

constexpr std::string_view kId = "{id}";
constexpr std::size_t kMaxNameLength = 40;

bool IsHex(char c) { return HexDigit(c) >= 0; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsPlain(char c) {
  return IsLetter(c) || IsDigit(c) || c == '-' || c == '_' || c == '.' || c == '~';
}

}  // namespace

bool LooksGenerated(std::string_view segment) {
  if (segment.size() > kMaxNameLength) return true;
  const auto count = [segment](auto is) {
    return std::count_if(segment.begin(), segment.end(), is);
  };
  const auto size = static_cast<std::ptrdiff_t>(segment.size());
  if (count(IsPlain) != size) return true;
  const auto digits = count(IsDigit);
  if (digits == 0) return false;
  if (digits == size || digits >= 4) return true;
  if (size >= 8 && count(IsHex) == size) return true;
  return size >= 20 && count(IsLetter) > 0;
}

struct RouteTable::Node {
  std::map<std::string, Node, std::less<>> names;
  std::unique_ptr<Node> id;  // everything that is not in `names`, once there was such a segment
  std::uint32_t hits = 0;
  bool folded = false;  // new names go to `id`
};

struct RouteTable::Service {
  Node root;
  std::size_t nodes = 0;

  static std::size_t Count(const Node& node) {  // depth is bounded by RouteLimits::depth
    std::size_t n = 1;
    for (const auto& [name, child] : node.names) n += Count(child);
    return node.id ? n + Count(*node.id) : n;
  }
};

RouteTable::RouteTable(RouteLimits limits) : limits_(limits) {}
RouteTable::~RouteTable() = default;

// Too many names under one prefix: the rare ones were values. What was learned below them is
// dropped with them.
void RouteTable::Fold(Service& service, Node& node) const {
  node.folded = true;
  for (auto it = node.names.begin(); it != node.names.end();) {
    if (it->second.hits >= limits_.established) {
      ++it;
      continue;
    }
    service.nodes -= Service::Count(it->second);
    it = node.names.erase(it);
  }
}

std::string RouteTable::Route(const std::string& service_name, std::string_view path, bool learn) {
  if (path.empty() || path[0] != '/') return {};
  auto found = services_.find(service_name);
  if (found == services_.end()) {
    const bool room = services_.size() < limits_.services;
    found = services_.try_emplace(room ? service_name : std::string()).first;
    if (!found->second) found->second = std::make_unique<Service>();
  }
  Service& service = *found->second;
  Node* node = &service.root;
  std::string route;
  for (std::size_t depth = 0; !path.empty(); ++depth) {
    path.remove_prefix(1);  // "/"
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    route.push_back('/');
    if (segment.empty() && path.empty()) break;  // "/" or a trailing slash
    if (depth >= limits_.depth) return route.append("*");
    bool is_id = LooksGenerated(segment);
    Node* next = nullptr;
    if (!is_id) {
      const auto child = node->names.find(segment);
      if (child != node->names.end()) {
        next = &child->second;
      } else if (!learn && !node->folded) {
        return route.append("*");
      } else {
        if (!node->folded && node->names.size() >= limits_.fan_out) Fold(service, *node);
        is_id = node->folded;
      }
    }
    if (next == nullptr) {
      if (is_id && node->id) {
        next = node->id.get();
      } else if (!learn || service.nodes >= limits_.nodes) {
        return route.append(is_id ? kId : "*").append(path.empty() || !is_id ? "" : "/*");
      } else if (is_id) {
        node->id = std::make_unique<Node>();
        next = node->id.get();
        ++service.nodes;
      } else {
        next = &node->names.try_emplace(std::string(segment)).first->second;
        ++service.nodes;
      }
    }
    route.append(is_id ? kId : segment);
    if (learn && next->hits < limits_.established) ++next->hits;
    node = next;
  }
  return route;
}

}  // namespace clew::span
