#include "store/flat_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace clew::store {
namespace {

TEST(FlatMap, AnswersLikeAMapOfRandomAndOfNeighbouringKeys) {
  std::mt19937_64 random(1);
  FlatMap<int> flat;
  FlatSet set;
  std::map<std::uint64_t, int> model;
  for (int i = 0; i < 20'000; ++i) {
    // Few keys, so that many come twice; low ones, so that they share slots.
    const std::uint64_t key = i % 2 == 0 ? random() % 9000 : random() << 40;
    const bool is_new = model.try_emplace(key, i).second;
    ASSERT_EQ(flat.Insert(key, i), is_new) << key;
    ASSERT_EQ(set.Insert(key), is_new) << key;
  }
  EXPECT_EQ(flat.size(), model.size());
  EXPECT_EQ(set.size(), model.size());
  for (const auto& [key, value] : model) {
    const int* const found = flat.Get(key);
    ASSERT_NE(found, nullptr) << key;
    EXPECT_EQ(*found, value);
  }
  EXPECT_EQ(flat.Get(10'000), nullptr);
}

TEST(FlatMap, KnowsAKeyOfZero) {
  FlatMap<int> flat;
  EXPECT_EQ(flat.Get(0), nullptr);
  EXPECT_TRUE(flat.Insert(0, 7));
  EXPECT_FALSE(flat.Insert(0, 8));
  ASSERT_NE(flat.Get(0), nullptr);
  EXPECT_EQ(*flat.Get(0), 7);
}

// Span ids that a sender chooses: xor and low bits of these are the same. Where they share slots
// this takes a quarter of an hour.
TEST(FlatSet, AMillionKeysOfAPatternHaveSlotsOfTheirOwn) {
  FlatSet set;
  for (std::uint64_t i = 1; i <= 1'000'000; ++i) ASSERT_TRUE(set.Insert(i << 32 | i));
  EXPECT_EQ(set.size(), 1'000'000u);
}

TEST(FlatSet, AMillionKeysTakeSixteenMebibytes) {
  FlatSet set;
  std::mt19937_64 random(1);
  for (int i = 0; i < 1'000'000; ++i) set.Insert(random());
  EXPECT_EQ(set.MemoryBytes(), 16u << 20);
}

}  // namespace
}  // namespace clew::store
