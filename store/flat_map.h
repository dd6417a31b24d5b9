// A map from 64-bit keys that are hashes or random already, in one block of memory: a trace of
// eight spans has two of them, and there are a hundred thousand such traces in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace clew::store {

// Linear probing, at most half full. Nothing is ever erased.
template <typename Value>
class FlatMap {
 public:
  // False when the key is there already; its value stays.
  bool Insert(std::uint64_t key, Value value) {
    if (size_ * 2 >= slots_.size()) Grow();
    Slot& slot = slots_[Find(key)];
    if (slot.used) return false;
    slot = {key, value, true};
    ++size_;
    return true;
  }
  const Value* Get(std::uint64_t key) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[Find(key)];
    return slot.used ? &slot.value : nullptr;
  }
  std::size_t size() const { return size_; }
  std::size_t MemoryBytes() const { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t key = 0;
    [[no_unique_address]] Value value{};
    bool used = false;
  };
  static constexpr std::size_t kFirstSlots = 16;

  std::size_t Find(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (key ^ key >> 32) & mask;
    while (slots_[at].used && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }
  void Grow() {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.empty() ? kFirstSlots : old.size() * 2, Slot{});
    for (const Slot& slot : old) {
      if (slot.used) slots_[Find(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace clew::store
