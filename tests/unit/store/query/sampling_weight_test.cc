#include "store/sampling_weight.h"

#include <gtest/gtest.h>

namespace clew::store {
namespace {

TEST(SamplingWeight, IsTheInverseOfTheProbability) {
  EXPECT_EQ(SamplingWeight("ot=th:0"), 1);
  EXPECT_EQ(SamplingWeight("ot=th:8"), 2);
  EXPECT_EQ(SamplingWeight("ot=th:c"), 4);
  EXPECT_EQ(SamplingWeight("vendor=x, ot=rv:abcdef;th:c"), 4);
  EXPECT_NEAR(SamplingWeight("ot=th:fd70a4"), 100, 0.001);
}

TEST(SamplingWeight, IsOneWithoutAThresholdThatCanBeRead) {
  for (const char* state : {"", "vendor=th:8", "ot=rv:1", "ot", "ot=th:", "ot=th:xyz", "ot=th:-8",
                            "ot=th:123456789012345", ",,;;", "ot=th"}) {
    EXPECT_EQ(SamplingWeight(state), 1) << state;
  }
}

TEST(SamplingWeight, AForgedThresholdIsBounded) {
  EXPECT_EQ(SamplingWeight("ot=th:ffffffffffffff"), 4294967296.0);
}

}  // namespace
}  // namespace clew::store
