// What came in one direction while its session waited for the other one: copies, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "agent/conn/chunk.h"

namespace clew::conn {

class HeldInput {
 public:
  // One chunk, gap or end of the stream.
  struct Item {
    enum class Kind : std::uint8_t { kChunk, kGap, kEof };

    Kind kind = Kind::kChunk;
    Chunk meta;  // a chunk's, without views
    std::string bytes;
    std::string last;
    std::uint64_t lost = 0;  // a gap's
    KernelNanos time{};      // an end's

    // Views this item.
    Chunk chunk() const;
  };

  explicit HeldInput(Direction direction) : direction_(direction) {}

  Direction direction() const { return direction_; }
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return items_.empty(); }
  const Item& front() const { return items_.front(); }

  // All of `chunk` behind its first `taken` bytes.
  void AddChunk(const Chunk& chunk, std::uint32_t taken);
  void AddGap(std::uint64_t lost);
  void AddEof(KernelNanos time);
  // Takes the first item off, or only the first bytes of its chunk.
  void PopFront();
  void TrimFront(std::uint32_t taken);

  // Drains that passed since something was held.
  int drains = 0;

 private:
  static Item MakeItem(const Chunk& chunk, std::uint32_t taken);
  void Add(Item item);

  Direction direction_;
  std::size_t bytes_ = 0;
  std::deque<Item> items_;
};

}  // namespace clew::conn
