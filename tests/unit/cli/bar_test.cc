#include "cli/render/bar.h"

#include <gtest/gtest.h>

#include "cli/render/text.h"

namespace clew::cli {
namespace {

constexpr Axis kAxis = {.start = 1000, .end = 2000, .columns = 10};

TEST(DrawBar, PlacesWorkInsideTheCall) {
  EXPECT_EQ(DrawBar(kAxis, 1100, 1900, 1300, 1700, true), " --####-- ");
  EXPECT_EQ(DrawBar(kAxis, 1100, 1900, 1300, 1700, false), " ░░████░░ ");
  EXPECT_EQ(DrawBar(kAxis, 1000, 2000, 1000, 2000, true), "##########");
}

TEST(DrawBar, EndsOnAnEighthOfAColumn) {
  EXPECT_EQ(DrawBar(kAxis, 1000, 1150, 1000, 1150, false), "█▌        ");
}

TEST(DrawBar, IsNeverInvisibleAndNeverLongerThanTheAxis) {
  EXPECT_EQ(DrawBar(kAxis, 1500, 1500, 1500, 1500, false), "     ▏    ");
  EXPECT_EQ(DrawBar(kAxis, 2000, 2000, 2000, 2000, false), "         ▏");
  for (const std::uint64_t a : {0ull, 1000ull, 1500ull, 2000ull, 9999ull, ~0ull}) {
    for (const std::uint64_t b : {0ull, 1000ull, 1500ull, 2000ull, 9999ull, ~0ull}) {
      for (const std::uint64_t work : {0ull, 1200ull, 2000ull, ~0ull}) {
        EXPECT_EQ(Columns(DrawBar(kAxis, a, b, work, b, false)), 10);
        EXPECT_EQ(Columns(DrawBar(kAxis, a, b, a, work, true)), 10);
      }
    }
  }
}

TEST(DrawBar, AnAxisWithoutLengthStillDraws) {
  EXPECT_EQ(DrawBar({.start = 5, .end = 5, .columns = 4}, 5, 5, 5, 5, true), "#   ");
}

TEST(DrawTicks, AreRoundNumbersAndEndWithTheLength) {
  EXPECT_EQ(DrawTicks({.start = 0, .end = 212'000'000, .columns = 40}),
            "0        50       100       150    212ms");
  EXPECT_EQ(DrawTicks({.start = 0, .end = 1'500'000, .columns = 30}),
            "0         0.5       1   1.50ms");
}

TEST(DrawTicks, AreAsWideAsTheAxisForAnyLength) {
  for (std::uint64_t length = 1; length < 400ull * 86'400'000'000'000;
       length = length * 9 / 7 + 1) {
    for (const int columns : {8, 20, 37, 100}) {
      EXPECT_EQ(DrawTicks({.start = 7, .end = 7 + length, .columns = columns}).size(),
                static_cast<std::size_t>(columns));
    }
  }
}

}  // namespace
}  // namespace clew::cli
