// What a segment may contain, asked without opening it. Specification: docs/formats/segment.md,
// "Filter".
//
//   filter = version u8 = 1 | ranges varint | { key hash u64le | low f64le | high f64le }* | blocks
//
// `blocks` is a split block Bloom filter over 64-bit hashes of terms: 32 bytes a block, one bit in
// each of its 8 words. A term that was put in is always found; one that was not is found once in
// about 90 times. Ranges hold the least and the greatest number under an attribute key.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clew::store {

inline constexpr std::uint8_t kFilterVersion = 1;

// What a term says of a segment. DO NOT RENUMBER: hashed on disk.
enum class TermKind : std::uint64_t {
  kService = 1,
  kName = 2,
  kKind = 3,
  kStatus = 4,
  kSpanAttribute = 5,
  kResourceAttribute = 6,
  kSpanKey = 7,
  kResourceKey = 8,
};

// XXH3 of `text`, seeded by the kind.
std::uint64_t TermHash(TermKind kind, std::string_view text);
// Of an attribute: its key's hash (kSpanKey or kResourceKey) and the XXH3 of its value's term.
inline std::uint64_t AttributeHash(std::uint64_t key_hash, std::uint64_t value_hash) {
  return key_hash * 0x9e3779b97f4a7c15ull ^ value_hash;
}
std::uint64_t ValueHash(std::string_view term);

class TermFilterBuilder {
 public:
  void Add(std::uint64_t hash) { hashes_.push_back(hash); }
  // A number was seen under the key.
  void AddNumber(std::uint64_t key_hash, double low, double high);
  // The finished filter; the builder is empty again.
  std::string Finish();

 private:
  struct Range {
    double low;
    double high;
  };
  std::vector<std::uint64_t> hashes_;
  std::map<std::uint64_t, Range> ranges_;
};

struct NumberRange {
  double low = 0;
  double high = 0;
};

// Views the bytes of a filter.
class TermFilter {
 public:
  // kUnsupported: another version; kCorrupt.
  static Result<TermFilter> Open(std::string_view bytes);
  bool MayContain(std::uint64_t hash) const;
  // Nothing: no number under that key, or more keys with numbers than a filter holds.
  std::optional<NumberRange> Range(std::uint64_t key_hash) const;
  // False: Range knows all keys.
  bool ranges_cut() const { return ranges_cut_; }

 private:
  TermFilter() = default;
  std::string_view ranges_;
  std::string_view blocks_;
  bool ranges_cut_ = false;
};

}  // namespace clew::store
