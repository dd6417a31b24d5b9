#include "agent/span/target.h"

#include <gtest/gtest.h>

namespace clew::span {
namespace {

void ExpectTarget(std::string_view method, std::string_view text, const Target& expected) {
  const Target target = ParseTarget(method, text);
  EXPECT_EQ(target.scheme, expected.scheme) << text;
  EXPECT_EQ(target.authority, expected.authority) << text;
  EXPECT_EQ(target.path, expected.path) << text;
  EXPECT_EQ(target.query, expected.query) << text;
}

TEST(Target, AllFourFormsOfRfc9112AreTakenApart) {
  ExpectTarget("GET", "/a/b?x=1&y", {"", "", "/a/b", "x=1&y"});
  ExpectTarget("GET", "/", {"", "", "/", ""});
  ExpectTarget("GET", "http://shop:80/a?x=1", {"http", "shop:80", "/a", "x=1"});
  ExpectTarget("GET", "http://shop", {"http", "shop", "/", ""});
  ExpectTarget("GET", "http://shop?x", {"http", "shop", "/", "x"});
  ExpectTarget("CONNECT", "shop:443", {"", "shop:443", "", ""});
  ExpectTarget("OPTIONS", "*", {"", "", "*", ""});
}

TEST(Target, OddTargetsStayPaths) {
  ExpectTarget("GET", "", {"", "", "/", ""});
  ExpectTarget("GET", "/go?to=http://elsewhere/x", {"", "", "/go", "to=http://elsewhere/x"});
  ExpectTarget("GET", "?x=http://e/", {"", "", "/", "x=http://e/"});
  ExpectTarget("GET", "/a#secret", {"", "", "/a", ""});
  ExpectTarget("GET", "a?", {"", "", "a", ""});
}

TEST(Authority, HostAndPortAreFoundAndCredentialsSkipped) {
  const auto expect = [](std::string_view text, std::string_view host, std::uint16_t port) {
    EXPECT_EQ(ParseAuthority(text).host, host) << text;
    EXPECT_EQ(ParseAuthority(text).port, port) << text;
  };
  expect("shop", "shop", 0);
  expect("shop:8080", "shop", 8080);
  expect("user:pw@shop:8080", "shop", 8080);
  expect("[::1]:8080", "::1", 8080);
  expect("[::1]", "::1", 0);
  expect("[::1", "::1", 0);
  expect("shop:", "shop", 0);
  expect("shop:99999", "shop", 0);
  expect("shop:80x", "shop", 0);
  expect("", "", 0);
}

}  // namespace
}  // namespace clew::span
