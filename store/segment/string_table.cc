#include "store/segment/string_table.h"

#include <algorithm>

#include "store/segment/term_filter.h"

namespace clew::store {
namespace {

constexpr std::size_t kFirstSlots = 1 << 14;

}  // namespace

StringTable::StringTable() : slots_(kFirstSlots) {}

std::uint32_t StringTable::Intern(std::string_view text) {
  const std::uint64_t hash = ValueHash(text);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != 0) {
    Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && entry.text == text) {
      ++entry.count;
      return slots_[slot] - 1;
    }
    slot = (slot + 1) & mask;
  }
  entries_.push_back({.text = text, .hash = hash, .count = 1});
  const auto id = static_cast<std::uint32_t>(entries_.size() - 1);
  slots_[slot] = id + 1;
  if (entries_.size() * 2 > slots_.size()) Grow();
  return id;
}

void StringTable::Grow() {
  slots_.assign(slots_.size() * 2, 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t id = 0; id < entries_.size(); ++id) {
    std::size_t slot = entries_[id].hash & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(id + 1);
  }
}

std::vector<std::string_view> StringTable::Finish() {
  std::vector<Entry*> kept;
  for (Entry& entry : entries_) {
    if (entry.count > 1) kept.push_back(&entry);
  }
  std::sort(kept.begin(), kept.end(),
            [](const Entry* a, const Entry* b) { return a->text < b->text; });
  std::vector<std::string_view> dictionary;
  dictionary.reserve(kept.size());
  for (Entry* entry : kept) {
    dictionary.push_back(entry->text);
    entry->code = static_cast<std::uint32_t>(dictionary.size());
  }
  return dictionary;
}

}  // namespace clew::store
