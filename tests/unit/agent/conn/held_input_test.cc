#include "agent/conn/held_input.h"

#include <gtest/gtest.h>

namespace clew::conn {
namespace {

TEST(HeldInput, KeepsWhatWasNotTaken) {
  HeldInput held(Direction::kIngress);
  held.AddChunk({.offset = 10, .size = 100, .bytes = "0123456789", .last = "abcdefgh"}, 4);
  Chunk chunk = held.front().chunk();
  EXPECT_EQ(chunk.offset, 14u);
  EXPECT_EQ(chunk.size, 96u);
  EXPECT_EQ(chunk.bytes, "456789");
  EXPECT_EQ(chunk.last, "abcdefgh");
  held.TrimFront(91);
  chunk = held.front().chunk();
  EXPECT_EQ(chunk.size, 5u);
  EXPECT_EQ(chunk.bytes, "");
  EXPECT_EQ(chunk.last, "defgh");
}

TEST(HeldInput, APlaceOnTheWireIsThatOfTheFirstByteOnly) {
  HeldInput held(Direction::kIngress);
  held.AddChunk({.size = 5, .bytes = "hello", .seq = 77}, 0);
  EXPECT_EQ(held.front().chunk().seq, 77u);
  held.TrimFront(2);
  EXPECT_EQ(held.front().chunk().seq, 0u);
}

TEST(HeldInput, CountsItsBytes) {
  HeldInput held(Direction::kIngress);
  held.AddChunk({.size = 5, .bytes = "hello"}, 0);
  held.AddGap(7);
  held.AddEof(KernelNanosFrom(3));
  EXPECT_GT(held.bytes(), 5u);
  held.PopFront();
  EXPECT_EQ(held.front().lost, 7u);
  held.PopFront();
  held.PopFront();
  EXPECT_TRUE(held.empty());
  EXPECT_EQ(held.bytes(), 0u);
}

}  // namespace
}  // namespace clew::conn
