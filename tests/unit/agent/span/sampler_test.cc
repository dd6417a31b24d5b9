#include "agent/span/sampler.h"

#include <gtest/gtest.h>

namespace clew::span {
namespace {

TEST(RatioSampler, KeepsAboutTheRatioAndAlwaysTheSameTraces) {
  const RatioSampler all(1.0), none(0.0), tenth(0.1), half(0.5);
  int kept = 0;
  for (int i = 0; i < 20'000; ++i) {
    const TraceId id = TraceId::Random();
    EXPECT_TRUE(all.Sampled(id));
    EXPECT_FALSE(none.Sampled(id));
    kept += tenth.Sampled(id) ? 1 : 0;
    EXPECT_LE(tenth.Sampled(id), half.Sampled(id))
        << "a larger ratio keeps what a smaller one keeps";
  }
  EXPECT_NEAR(kept, 2000, 300);
}

}  // namespace
}  // namespace clew::span
