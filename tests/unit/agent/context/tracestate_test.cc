#include "agent/context/tracestate.h"

#include <gtest/gtest.h>

#include <vector>

namespace clew::context {
namespace {

std::optional<std::string> Combine(std::vector<std::string_view> values) {
  return CombineTracestate(values);
}

TEST(Tracestate, CombinesSeveralHeadersInOrder) {
  EXPECT_EQ(Combine({"a=1,b=2", "c=3"}), "a=1,b=2,c=3");
}

TEST(Tracestate, DropsEmptyMembersAndWhiteSpaceBetweenMembers) {
  EXPECT_EQ(Combine({" a=1 ,\t, b=2,,", "", " ,c=3"}), "a=1,b=2,c=3");
  EXPECT_EQ(Combine({"", " , "}), "");
}

TEST(Tracestate, KeepsSpacesWithinAValue) { EXPECT_EQ(Combine({"a= x y , b=1"}), "a= x y,b=1"); }

TEST(Tracestate, AcceptsEveryKeyCharacter) {
  EXPECT_EQ(Combine({"0fw_-*/@vendor=1"}), "0fw_-*/@vendor=1");
}

TEST(Tracestate, OneInvalidMemberDropsTheList) {
  for (const std::string_view bad :
       {"A=1", "_a=1", "a", "=1", "a=", "a=1=2", "a b=1", "a=\x01", "a=\xc3\xa9"}) {
    EXPECT_EQ(Combine({"x=1", bad}), std::nullopt) << bad;
  }
}

TEST(Tracestate, BoundsKeysAndValues) {
  EXPECT_TRUE(Combine({std::string(256, 'k') + "=1"}));
  EXPECT_FALSE(Combine({std::string(257, 'k') + "=1"}));
  EXPECT_TRUE(Combine({"k=" + std::string(256, 'v')}));
  EXPECT_FALSE(Combine({"k=" + std::string(257, 'v')}));
}

TEST(Tracestate, Allows32Members) {
  std::string list = "k0=0";
  for (int i = 1; i < 32; ++i) list += ",k" + std::to_string(i) + "=0";
  EXPECT_EQ(Combine({list}), list);
  EXPECT_EQ(Combine({list, "more=1"}), std::nullopt);
}

TEST(Tracestate, ShortensALongListByLongMembersFirstThenFromItsEnd) {
  const std::string half = std::string(100, 'v'), big = std::string(200, 'w');
  EXPECT_EQ(Combine({"a=" + half, "big=" + big, "b=" + half, "c=" + half, "d=" + half}),
            "a=" + half + ",b=" + half + ",c=" + half + ",d=" + half);
  EXPECT_EQ(Combine({"a=" + half, "b=" + half, "c=" + half, "d=" + half, "e=" + half, "f=1"}),
            "a=" + half + ",b=" + half + ",c=" + half + ",d=" + half);
}

}  // namespace
}  // namespace clew::context
