// Templates of paths: "/orders/42/items" -> "/orders/{id}/items", with few different ones for each
// service.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace clew::span {

struct RouteLimits {
  std::size_t services = 256;      // further ones share one table
  std::size_t nodes = 512;         // path prefixes of one service that are known by name
  std::size_t fan_out = 32;        // different names under one prefix, before rare ones become {id}
  std::size_t depth = 12;          // segments; what follows is "*"
  std::uint32_t established = 64;  // requests that make a name safe from being folded into {id}
};

// Learns from the paths that it is shown. Not thread-safe.
//
// A segment that looks generated is {id} at once (LooksGenerated). Others are names until a prefix
// has more of them than `fan_out`: then those that are rare are folded into one {id}, those that
// are frequent stay. Past `nodes`, new prefixes are "*". So a service has at most nodes + fan_out *
// depth different routes, whatever it is sent.
class RouteTable {
 public:
  explicit RouteTable(RouteLimits limits = {});
  ~RouteTable();

  // The route of `path` ("" for a path that does not begin with "/"). With `learn` false, for
  // requests that the service answered with 404, unknown segments end the route with "*" and are
  // not remembered: scanners do not teach routes.
  std::string Route(const std::string& service, std::string_view path, bool learn);

 private:
  struct Node;
  struct Service;

  void Fold(Service& service, Node& node) const;

  const RouteLimits limits_;
  std::unordered_map<std::string, std::unique_ptr<Service>> services_;
};

// True for what identifies one thing rather than a kind: digits, UUIDs, hex of 8 and more with a
// digit, four and more digits anywhere, 20 and more characters with a digit among letters, over 40
// characters, anything that is not plain text.
bool LooksGenerated(std::string_view segment);

}  // namespace clew::span
