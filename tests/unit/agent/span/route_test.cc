#include "agent/span/route.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace clew::span {
namespace {

TEST(LooksGenerated, TellsIdsFromNames) {
  for (const char* id :
       {"42", "0", "550e8400-e29b-41d4-a716-446655440000", "deadbeef01", "order-12345",
        "2024-01-02", "eyJhbGciOiJIUzI1NiJ9x", "bob@example.com", "a%2Fb",
        "0123456789abcdef0123456789abcdef", "averyveryveryveryveryveryveryverylongsegment"}) {
    EXPECT_TRUE(LooksGenerated(id)) << id;
  }
  for (const char* name : {"orders", "v1", "api", "order-items", "oauth2", "index.html", "feed",
                           "Cafe", "utf8", "s3"}) {
    EXPECT_FALSE(LooksGenerated(name)) << name;
  }
}

TEST(Route, GeneratedSegmentsBecomeIdAndTheShapeStays) {
  RouteTable table;
  EXPECT_EQ(table.Route("shop", "/api/v1/orders/42/items", true), "/api/v1/orders/{id}/items");
  EXPECT_EQ(table.Route("shop", "/", true), "/");
  EXPECT_EQ(table.Route("shop", "/orders/", true), "/orders/");
  EXPECT_EQ(table.Route("shop", "//x", true), "//x");
  EXPECT_EQ(table.Route("shop", "*", true), "");
  EXPECT_EQ(table.Route("shop", "", true), "");
}

TEST(Route, TooManyNamesUnderOnePrefixWereValues) {
  RouteTable table({.fan_out = 8, .established = 4});
  for (int i = 0; i < 10; ++i) table.Route("shop", "/users/list", true);
  for (char c = 'a'; c < 'k'; ++c) table.Route("shop", std::string("/users/") + c, true);
  EXPECT_EQ(table.Route("shop", "/users/zoe", true), "/users/{id}");
  EXPECT_EQ(table.Route("shop", "/users/a", true), "/users/{id}") << "rare ones are folded too";
  EXPECT_EQ(table.Route("shop", "/users/list", true), "/users/list") << "frequent ones stay";
}

TEST(Route, RequestsThatWereNotFoundTeachNothing) {
  RouteTable table;
  EXPECT_EQ(table.Route("shop", "/wp-admin/setup.php", false), "/*");
  EXPECT_EQ(table.Route("shop", "/orders/items", true), "/orders/items");
  EXPECT_EQ(table.Route("shop", "/orders/items", false), "/orders/items");
  EXPECT_EQ(table.Route("shop", "/orders/nothing", false), "/orders/*");
  EXPECT_EQ(table.Route("shop", "/orders/42/x", false), "/orders/{id}/*");
}

TEST(Route, CardinalityIsBoundedWhateverIsSent) {
  const RouteLimits limits{.services = 4, .nodes = 100, .fan_out = 8, .depth = 5, .established = 4};
  RouteTable table(limits);
  std::mt19937 random(7);
  std::set<std::string> routes;
  for (int i = 0; i < 20'000; ++i) {
    std::string path;
    const int depth = static_cast<int>(random() % 8);
    for (int d = 0; d <= depth; ++d) {
      path += '/';
      for (int n = 0; n < 3; ++n) path += static_cast<char>('a' + random() % 26);
    }
    // Only what is seen once things have settled counts: before that, a name may be a route of its
    // own for a while.
    const std::string route = table.Route("shop", path, true);
    if (i >= 10'000) routes.insert(route);
  }
  EXPECT_LE(routes.size(), limits.nodes + limits.fan_out * limits.depth);
}

TEST(Route, ServicesDoNotTeachEachOtherAndTooManyShare) {
  RouteTable table({.services = 2});
  table.Route("a", "/x/y", true);
  EXPECT_EQ(table.Route("b", "/x/y", false), "/*");
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(table.Route("more" + std::to_string(i), "/p", true), "/p");
}

}  // namespace
}  // namespace clew::span
