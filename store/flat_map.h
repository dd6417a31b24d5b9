// Maps and sets of 64-bit keys, in one block of memory each: a trace of eight spans has one of
// both, and there are a hundred thousand such traces in memory. A trace of a million spans has
// them, too, at 8 bytes a slot. Keys may be anything that a sender makes up.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/seeded_hash.h"

namespace clew::store {

// Where keys are. Linear probing, at most three quarters full. Nothing is ever erased.
class FlatKeys {
 public:
  static constexpr std::size_t kNoSlot = static_cast<std::size_t>(-1);

  std::size_t size() const { return size_; }
  std::size_t slots() const { return keys_.size(); }
  std::size_t MemoryBytes() const { return keys_.capacity() * sizeof(keys_[0]); }

  // The slot of a key that is there, else kNoSlot.
  std::size_t Find(std::uint64_t key) const {
    if (keys_.empty()) return kNoSlot;
    const std::size_t slot = Place(Stored(key));
    return keys_[slot] == kFree ? kNoSlot : slot;
  }
  // The slot of the key, and whether it was free until now. `moved(from, to)` is called first for
  // every key that gets another slot, when there are more slots from now on.
  template <typename Moved>
  std::pair<std::size_t, bool> Insert(std::uint64_t key, Moved moved) {
    if ((size_ + 1) * 4 > keys_.size() * 3) Grow(moved);
    const std::size_t slot = Place(Stored(key));
    const bool is_new = keys_[slot] == kFree;
    keys_[slot] = Stored(key);
    size_ += is_new ? 1 : 0;
    return {slot, is_new};
  }

 private:
  static constexpr std::size_t kFirstSlots = 16;
  static constexpr std::uint64_t kFree = 0;
  // Key 0 shares the place of another one: of 2^64 no worse than a collision of hashes.
  static std::uint64_t Stored(std::uint64_t key) { return key == kFree ? ~kFree : key; }

  std::size_t Place(std::uint64_t stored) const {
    const std::size_t mask = keys_.size() - 1;
    std::size_t at = SeededHash(stored) & mask;
    while (keys_[at] != kFree && keys_[at] != stored) at = (at + 1) & mask;
    return at;
  }
  template <typename Moved>
  void Grow(Moved moved) {
    const std::vector<std::uint64_t> old = std::move(keys_);
    keys_.assign(old.empty() ? kFirstSlots : old.size() * 2, kFree);
    for (std::size_t from = 0; from < old.size(); ++from) {
      if (old[from] == kFree) continue;
      const std::size_t to = Place(old[from]);
      keys_[to] = old[from];
      moved(from, to);
    }
  }

  std::vector<std::uint64_t> keys_;  // a power of two
  std::size_t size_ = 0;
};

class FlatSet {
 public:
  // False when the key is there already.
  bool Insert(std::uint64_t key) {
    return keys_.Insert(key, [](std::size_t, std::size_t) {}).second;
  }
  std::size_t size() const { return keys_.size(); }
  std::size_t MemoryBytes() const { return keys_.MemoryBytes(); }

 private:
  FlatKeys keys_;
};

template <typename Value>
class FlatMap {
 public:
  // False when the key is there already; its value stays.
  bool Insert(std::uint64_t key, Value value) {
    std::vector<Value> moved;
    const auto [slot, is_new] = keys_.Insert(key, [&](std::size_t from, std::size_t to) {
      moved.resize(keys_.slots());
      moved[to] = std::move(values_[from]);
    });
    if (!moved.empty()) values_ = std::move(moved);
    values_.resize(keys_.slots());
    if (is_new) values_[slot] = std::move(value);
    return is_new;
  }
  const Value* Get(std::uint64_t key) const {
    const std::size_t slot = keys_.Find(key);
    return slot == FlatKeys::kNoSlot ? nullptr : &values_[slot];
  }
  std::size_t size() const { return keys_.size(); }
  std::size_t MemoryBytes() const {
    return keys_.MemoryBytes() + values_.capacity() * sizeof(values_[0]);
  }

 private:
  FlatKeys keys_;
  std::vector<Value> values_;  // by slot
};

}  // namespace clew::store
