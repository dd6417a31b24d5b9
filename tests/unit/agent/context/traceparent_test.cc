#include "agent/context/traceparent.h"

#include <gtest/gtest.h>

#include <string>

namespace clew::context {
namespace {

const std::string kGood = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(Traceparent, ReadsIdsAndFlags) {
  const auto parsed = ParseTraceparent(kGood);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->trace_id.ToHex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(parsed->parent_id.ToHex(), "b7ad6b7169203331");
  EXPECT_EQ(parsed->flags, 1);
}

TEST(Traceparent, AllowsWhiteSpaceAround) {
  EXPECT_TRUE(ParseTraceparent(" \t" + kGood + "\t "));
  EXPECT_FALSE(ParseTraceparent("\n" + kGood));
}

TEST(Traceparent, DropsFlagsThatItDoesNotKnow) {
  EXPECT_EQ(ParseTraceparent(kGood.substr(0, 53) + "ff")->flags, kFlagSampled | kFlagRandom);
  EXPECT_EQ(ParseTraceparent(kGood.substr(0, 53) + "08")->flags, 0);
}

TEST(Traceparent, Version00HasExactly55Characters) {
  for (std::size_t n = 0; n < kGood.size(); ++n)
    EXPECT_FALSE(ParseTraceparent(kGood.substr(0, n))) << n;
  EXPECT_FALSE(ParseTraceparent(kGood + "-"));
  EXPECT_FALSE(ParseTraceparent(kGood + "-what-the-future-will-be-like"));
}

TEST(Traceparent, AHigherVersionMayBeLongerBehindADash) {
  const std::string higher = "cc" + kGood.substr(2);
  EXPECT_TRUE(ParseTraceparent(higher));
  EXPECT_TRUE(ParseTraceparent(higher + "-what-the-future-will-be-like"));
  EXPECT_FALSE(ParseTraceparent(higher + ".what-the-future-will-be-like"));
}

TEST(Traceparent, VersionFfIsInvalid) { EXPECT_FALSE(ParseTraceparent("ff" + kGood.substr(2))); }

TEST(Traceparent, ZeroIdsAreInvalid) {
  EXPECT_FALSE(ParseTraceparent("00-" + std::string(32, '0') + "-b7ad6b7169203331-01"));
  EXPECT_FALSE(
      ParseTraceparent("00-0af7651916cd43dd8448eb211c80319c-" + std::string(16, '0') + "-01"));
}

TEST(Traceparent, AnyCharacterThatIsNotLowerHexOrItsDashIsInvalid) {
  for (std::size_t i = 0; i < kGood.size(); ++i) {
    for (const char bad : {'A', 'g', ' ', '.', '\0'}) {
      std::string value = kGood;
      value[i] = bad;
      if (i == 0 && bad == ' ') continue;  // one character short then: covered above
      EXPECT_FALSE(ParseTraceparent(value)) << i << " " << static_cast<int>(bad);
    }
  }
}

TEST(Traceparent, WhatIsWrittenIsReadBack) {
  const auto parsed = ParseTraceparent(kGood);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(FormatTraceparent(parsed->trace_id, parsed->parent_id, parsed->flags), kGood);
  EXPECT_EQ(FormatTraceparent(parsed->trace_id, parsed->parent_id, 0xfe).substr(52), "-02");
}

}  // namespace
}  // namespace clew::context
