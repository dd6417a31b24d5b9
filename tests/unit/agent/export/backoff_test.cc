#include "agent/export/backoff.h"

#include <gtest/gtest.h>

namespace clew::exporting {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, GrowsIsCappedAndSpread) {
  const BackoffOptions options{
      .initial = milliseconds(100), .max = milliseconds(1000), .factor = 2, .jitter = 0.5};
  std::mt19937 random(1);
  for (int attempt = 1; attempt < 50; ++attempt) {
    const double expected = std::min(1000.0, 100.0 * std::pow(2, attempt - 1));
    const auto delay = static_cast<double>(BackoffDelay(options, attempt, random).count());
    EXPECT_GE(delay, expected * 0.5 - 1);
    EXPECT_LE(delay, expected * 1.5 + 1);
  }
  EXPECT_NE(BackoffDelay(options, 10, random), BackoffDelay(options, 10, random));
}

class CircuitBreakerTest : public testing::Test {
 protected:
  void Fail() {
    breaker_.OnStart();
    breaker_.OnFailure(now_, random_);
  }
  std::mt19937 random_{1};
  SteadyTime now_{std::chrono::seconds(1000)};
  CircuitBreaker breaker_{
      3, {.initial = milliseconds(100), .max = milliseconds(1000), .factor = 2, .jitter = 0}};
};

TEST_F(CircuitBreakerTest, OpensAfterFailuresInARow) {
  Fail();
  Fail();
  breaker_.OnStart();
  breaker_.OnSuccess();
  Fail();
  Fail();
  EXPECT_TRUE(breaker_.Allows(now_));
  Fail();
  EXPECT_FALSE(breaker_.Allows(now_));
  EXPECT_FALSE(breaker_.Allows(now_ + milliseconds(99)));
  EXPECT_TRUE(breaker_.Allows(now_ + milliseconds(100)));
}

TEST_F(CircuitBreakerTest, LetsOneProbeThroughAndItsOutcomeDecides) {
  for (int i = 0; i < 3; ++i) Fail();
  now_ += milliseconds(100);
  breaker_.OnStart();
  EXPECT_FALSE(breaker_.Allows(now_)) << "one probe at a time";
  breaker_.OnFailure(now_, random_);
  EXPECT_FALSE(breaker_.Allows(now_ + milliseconds(150))) << "a longer pause than before";
  now_ += milliseconds(200);
  breaker_.OnStart();
  breaker_.OnSuccess();
  EXPECT_TRUE(breaker_.Allows(now_));
  breaker_.OnStart();
  EXPECT_TRUE(breaker_.Allows(now_)) << "closed: any number at a time";
}

TEST_F(CircuitBreakerTest, AThrottlingServerIsLeftAloneForAsLongAsItAsks) {
  breaker_.OnStart();
  breaker_.OnThrottled(now_ + milliseconds(50));
  EXPECT_FALSE(breaker_.Allows(now_ + milliseconds(49)));
  EXPECT_TRUE(breaker_.Allows(now_ + milliseconds(50)));
}

}  // namespace
}  // namespace clew::exporting
