#include "base/network.h"

#include <gtest/gtest.h>

#include <cstring>

namespace clew {
namespace {

TEST(ParseNetwork, ReadsBothFamiliesIntoOneSpace) {
  const auto ten = ParseNetwork("10.0.0.0/8");
  ASSERT_TRUE(ten);
  EXPECT_EQ(ten->prefix, 104);
  EXPECT_EQ(std::memcmp(ten->address.data(), "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\0", 16), 0);
  const auto unique_local = ParseNetwork("fc00::/7");
  ASSERT_TRUE(unique_local);
  EXPECT_EQ(unique_local->prefix, 7);
  EXPECT_EQ(unique_local->address[0], 0xfc);
}

TEST(ParseNetwork, AnAddressAloneIsItself) {
  EXPECT_EQ(ParseNetwork("192.0.2.1")->prefix, 128);
  EXPECT_EQ(ParseNetwork("::1")->prefix, 128);
  EXPECT_EQ(ParseNetwork("0.0.0.0/0")->prefix, 96);
  EXPECT_EQ(ParseNetwork("::/0")->prefix, 0);
}

TEST(ParseNetwork, RefusesWhatIsNoNetwork) {
  for (const char* bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", "host/8", "fc00::/129",
                          "none", "10.1.2.3/8", "fe80::1/10", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(ParseNetwork(bad)) << bad;
  }
}

}  // namespace
}  // namespace clew
