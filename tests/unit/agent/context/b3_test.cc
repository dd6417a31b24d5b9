#include "agent/context/b3.h"

#include <gtest/gtest.h>

#include <string>

namespace clew::context {
namespace {

const std::string kTrace = "80f198ee56343ba864fe8b2a57d3eff7";
const std::string kSpan = "e457b5a2e4d86bd1";

TEST(B3Single, ReadsIdsWithoutAndWithADecision) {
  auto b3 = ParseB3Single(kTrace + "-" + kSpan);
  ASSERT_TRUE(b3);
  EXPECT_EQ(b3->trace_id.ToHex(), kTrace);
  EXPECT_EQ(b3->parent_id.ToHex(), kSpan);
  EXPECT_EQ(b3->sampled, std::nullopt);
  EXPECT_EQ(ParseB3Single(" " + kTrace + "-" + kSpan + "-0 ")->sampled, false);
  EXPECT_EQ(ParseB3Single(kTrace + "-" + kSpan + "-1")->sampled, true);
  EXPECT_EQ(ParseB3Single(kTrace + "-" + kSpan + "-d-05e3ac9a4f6e3b90")->sampled, true);
}

TEST(B3Single, AShortTraceIdIsTheLowerHalf) {
  EXPECT_EQ(ParseB3Single("64fe8b2a57d3eff7-" + kSpan)->trace_id.ToHex(),
            "000000000000000064fe8b2a57d3eff7");
}

TEST(B3Single, ADecisionAloneHasNoIds) {
  const auto b3 = ParseB3Single("0");
  ASSERT_TRUE(b3);
  EXPECT_FALSE(b3->has_ids());
  EXPECT_EQ(b3->sampled, false);
}

TEST(B3Single, RefusesWhatIsNotB3) {
  for (const std::string& bad :
       {std::string(), std::string("2"), kTrace, kTrace + "-", kTrace + "-" + kSpan + "-",
        kTrace + "-" + kSpan + "-x", kTrace + "-" + kSpan + "-1-", kTrace + "-" + kSpan + "-1-05",
        kTrace + "-" + kSpan + "1", std::string(32, '0') + "-" + kSpan,
        kTrace + "-" + std::string(16, '0'), kTrace.substr(1) + "-" + kSpan}) {
    EXPECT_FALSE(ParseB3Single(bad)) << bad;
  }
}

TEST(B3Multi, ReadsOneHeaderEach) {
  const auto b3 = ParseB3Multi({.trace_id = kTrace, .span_id = kSpan, .sampled = "1"});
  ASSERT_TRUE(b3);
  EXPECT_EQ(b3->trace_id.ToHex(), kTrace);
  EXPECT_EQ(b3->sampled, true);
  EXPECT_EQ(ParseB3Multi({.trace_id = kTrace, .span_id = kSpan, .sampled = "false"})->sampled,
            false);
}

TEST(B3Multi, DebugOverridesTheDecision) {
  EXPECT_EQ(
      ParseB3Multi({.trace_id = kTrace, .span_id = kSpan, .sampled = "0", .flags = "1"})->sampled,
      true);
}

TEST(B3Multi, NeedsBothIdsOrADecision) {
  EXPECT_FALSE(ParseB3Multi({}));
  EXPECT_FALSE(ParseB3Multi({.trace_id = kTrace}));
  EXPECT_FALSE(ParseB3Multi({.span_id = kSpan, .sampled = "1"}));
  EXPECT_FALSE(ParseB3Multi({.trace_id = kTrace, .span_id = kSpan, .sampled = "maybe"}));
  EXPECT_FALSE(ParseB3Multi({.sampled = "0"})->has_ids());
}

}  // namespace
}  // namespace clew::context
