#include "agent/context/extract.h"

#include <gtest/gtest.h>

#include "agent/context/id_source.h"
#include "agent/context/traceparent.h"

namespace clew::context {
namespace {

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr std::string_view kB3 = "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0";

TEST(Extract, NothingMeansANewSampledTrace) {
  const Extracted result = Extract({});
  EXPECT_EQ(result.carrier, Carrier::kNone);
  EXPECT_EQ(result.flags, kFlagSampled);
}

TEST(Extract, TakesTraceparentWithItsState) {
  const Extracted result = Extract(
      {.traceparent_count = 1, .traceparent = kParent, .tracestate = {"a=1", "b=2"}, .b3 = kB3});
  EXPECT_EQ(result.carrier, Carrier::kTraceparent);
  EXPECT_EQ(result.parent_id.ToHex(), "b7ad6b7169203331");
  EXPECT_EQ(result.trace_state, "a=1,b=2");
}

TEST(Extract, AnInvalidStateDoesNotHurtTheParent) {
  const Extracted result =
      Extract({.traceparent_count = 1, .traceparent = kParent, .tracestate = {"a=1", "B=2"}});
  EXPECT_EQ(result.carrier, Carrier::kTraceparent);
  EXPECT_EQ(result.trace_state, "");
}

TEST(Extract, TwoOrInvalidTraceparentsStartANewTraceWithoutState) {
  for (const PropagationHeaders& headers :
       {PropagationHeaders{
            .traceparent_count = 2, .traceparent = kParent, .tracestate = {"a=1"}, .b3 = kB3},
        PropagationHeaders{
            .traceparent_count = 1, .traceparent = "00-", .tracestate = {"a=1"}, .b3 = kB3}}) {
    const Extracted result = Extract(headers);
    EXPECT_EQ(result.carrier, Carrier::kNone);
    EXPECT_EQ(result.trace_state, "");
  }
}

TEST(Extract, FallsBackToB3) {
  const Extracted result =
      Extract({.tracestate = {"a=1"}, .b3 = kB3, .b3_multi = {.trace_id = "x"}});
  EXPECT_EQ(result.carrier, Carrier::kB3);
  EXPECT_EQ(result.trace_id.ToHex(), "80f198ee56343ba864fe8b2a57d3eff7");
  EXPECT_EQ(result.flags, 0);
  EXPECT_EQ(result.trace_state, "");
}

TEST(Extract, AB3DecisionAloneDecidesOnSamplingOfANewTrace) {
  const Extracted result = Extract({.b3 = "0"});
  EXPECT_EQ(result.carrier, Carrier::kNone);
  EXPECT_EQ(result.flags, 0);
}

TEST(RandomIds, AreValidAndDiffer) {
  EXPECT_TRUE(RandomIds().NewTraceId().valid());
  EXPECT_NE(RandomIds().NewSpanId(), RandomIds().NewSpanId());
}

}  // namespace
}  // namespace clew::context
