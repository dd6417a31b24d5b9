#include "agent/kernel/drain_pace.h"

#include <gtest/gtest.h>

namespace clew::kernel {
namespace {

void DrainOften(DrainPace& pace, int records) {
  for (int i = 0; i < 20; ++i) pace.Drained(records);
}

TEST(DrainPace, WaitsLongWhenNothingComes) {
  DrainPace pace;
  DrainOften(pace, 0);
  EXPECT_EQ(pace.interval(), DrainPace::kLongestIdle);
}

TEST(DrainPace, WaitsLessForATrickleThanForNothing) {
  DrainPace pace;
  DrainOften(pace, 0);
  DrainOften(pace, 1);
  EXPECT_EQ(pace.interval(), DrainPace::kLongest);
}

TEST(DrainPace, DrainsAsOftenAsAllowedUnderLoad) {
  DrainPace pace;
  DrainOften(pace, 0);
  DrainOften(pace, DrainPace::kManyRecords + 1);
  EXPECT_EQ(pace.interval(), DrainPace::kShortest);
}

TEST(DrainPace, FindsAPaceThatBringsAFairNumberOfRecords) {
  DrainPace pace;
  const int records_per_ms = 16;
  for (int i = 0; i < 20; ++i) pace.Drained(static_cast<int>(pace.interval().count()) * records_per_ms);
  const auto settled = pace.interval();
  EXPECT_GT(settled, DrainPace::kShortest);
  EXPECT_LE(settled, DrainPace::kLongest);
  pace.Drained(static_cast<int>(settled.count()) * records_per_ms);
  EXPECT_EQ(pace.interval(), settled) << "it does not swing";
}

}  // namespace
}  // namespace clew::kernel
