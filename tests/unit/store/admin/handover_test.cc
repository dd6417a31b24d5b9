// What an operation tells comes to its listener; what the listener does never holds it up for good.
#include "store/admin/handover.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace clew::store {
namespace {

constexpr int kMany = 10'000;  // more than there is room for
constexpr std::chrono::milliseconds kStep{1};

bool Never() { return false; }
void Ignore(const Damage&) {}

// Tells of `kMany` damages, whatever happens.
Result<int> TellMany(const EachDamage& each, const Watch&) {
  for (int i = 0; i < kMany; ++i) each({std::to_string(i), "problem", "remedy"});
  return kMany;
}
Result<int> GoOnUntilCancelled(const EachDamage&, const Watch& watch) {
  while (!watch.Cancelled()) std::this_thread::sleep_for(kStep);
  return CancelledError();
}

TEST(Handover, TellsAllInOrderInTheThreadOfTheListener) {
  const auto here = std::this_thread::get_id();
  int next = 0;
  const auto told = RunApart(
      [&](const Damage& damage) {
        EXPECT_EQ(damage.place, std::to_string(next++));
        EXPECT_EQ(std::this_thread::get_id(), here);
      },
      {}, Never, TellMany);
  ASSERT_TRUE(told);
  EXPECT_EQ(*told, kMany);
  EXPECT_EQ(next, kMany);
}

TEST(Handover, TheLastProgressIsHeardWithoutWaitingForIt) {
  std::vector<std::uint64_t> heard;
  const Watch watch{[&](const Progress& progress) { heard.push_back(progress.done); }, {}};
  ASSERT_TRUE(RunApart(Ignore, watch, Never, [](const EachDamage&, const Watch& inner) {
    for (std::uint64_t i = 1; i <= kMany; ++i) inner.Report("rounds", i, kMany);
    return Result<int>(0);
  }));
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard.back(), static_cast<std::uint64_t>(kMany));
}

TEST(Handover, AnOperationThatHasToLeaveDoesNotWaitForRoom) {
  std::atomic<bool> leave{false};
  std::atomic<bool> left{false};
  const auto told = RunApart(
      [&](const Damage&) {
        leave = true;
        while (!left) std::this_thread::sleep_for(kStep);
      },
      {}, [&] { return leave.load(); },
      [&](const EachDamage& each, const Watch& watch) {
        auto answer = TellMany(each, watch);
        left = true;
        return answer;
      });
  ASSERT_FALSE(told) << "not all was told";
  EXPECT_EQ(told.error().message, CancelledError().message);
}

TEST(Handover, AListenerWhoWantsNoMoreIsObeyed) {
  for (const int rounds : {1, 3}) {
    int asked = 0;
    const Watch watch{{}, [&] { return ++asked >= rounds; }};
    EXPECT_FALSE(RunApart(Ignore, watch, Never, GoOnUntilCancelled)) << rounds;
    EXPECT_GE(asked, rounds);
  }
}

TEST(Handover, ExceptionsOfEitherSideEndBoth) {
  EXPECT_THROW((void)RunApart([](const Damage&) { throw std::runtime_error("listener"); }, {},
                              Never, TellMany),
               std::runtime_error);
  EXPECT_THROW((void)RunApart(Ignore, {}, Never,
                              [](const EachDamage&, const Watch&) -> Result<int> {
                                throw std::runtime_error("operation");
                              }),
               std::runtime_error);
}

}  // namespace
}  // namespace clew::store
