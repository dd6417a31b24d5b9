// The distinct strings of a segment that is being encoded. What occurs twice or more goes into the
// segment's dictionary; what occurs once stays in its column's own text, where it costs no code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clew::store {

class StringTable {
 public:
  struct Entry {
    std::string_view text;
    std::uint64_t hash = 0;  // ValueHash of the text
    std::uint32_t count = 0;
    std::uint32_t code = 0;         // after Finish: position in the dictionary + 1, or 0
    std::uint32_t last_column = 0;  // the user's: the last column that has seen it, + 1
  };

  StringTable();
  // Counts one occurrence; the id stays. `text` must live as long as the table is used.
  std::uint32_t Intern(std::string_view text);
  Entry& at(std::uint32_t id) { return entries_[id]; }
  const Entry& at(std::uint32_t id) const { return entries_[id]; }
  // Gives every string that occurs twice or more its code, in the order of the texts: neighbours
  // are alike and compress well. Returns the dictionary.
  std::vector<std::string_view> Finish();

 private:
  void Grow();

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // id + 1, or 0; a power of two of them, at most half full
};

}  // namespace clew::store
