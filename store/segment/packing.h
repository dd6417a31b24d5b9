// The two ways in which a segment keeps a column: bytes, and integers as byte planes.
// Specification: docs/formats/segment.md, "Packing".
//
//   packed bytes    = size varint | method u8 | stored        size 0: nothing follows
//   packed integers = count varint | base varint (zigzag) | width u8 | width x packed bytes
//
// A plane holds the n-th byte of every number: the high bytes of a column are much alike, its low
// bytes are noise that no compressor should have to look at. Each plane is stored as what is
// smaller.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "store/varint_reader.h"

namespace clew::store {

// How packed bytes are stored. DO NOT RENUMBER: on disk.
enum class PackMethod : std::uint8_t { kRaw = 0, kConstant = 1, kZstd = 2 };

// Bound of one unpacked byte string. The encoder ends a segment long before.
inline constexpr std::size_t kMaxUnpackedBytes = 64u << 20;

void PackBytes(std::string_view bytes, std::string& out);
// Throws a protozero::exception when the bytes do not fit or are more than `limit`.
std::string UnpackBytes(VarintReader& in, std::size_t limit = kMaxUnpackedBytes);

// Integers of one column, kept in as few bytes each as their range needs.
class IntColumn {
 public:
  std::size_t size() const { return count_; }
  // As a two's complement number: a column of int64 and one of uint64 read alike. `i` < size().
  std::uint64_t At(std::size_t i) const {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes_.data() + i * width_, sizeof(word));  // padded, see UnpackInts
    return base_ + (word & mask_);
  }
  std::size_t MemoryBytes() const { return bytes_.size(); }

 private:
  friend IntColumn UnpackInts(VarintReader& in, std::size_t max_count);
  std::size_t count_ = 0;
  std::size_t width_ = 0;
  std::uint64_t base_ = 0;
  std::uint64_t mask_ = 0;
  std::string bytes_;
};

// Numbers in two's complement; the base is the smallest of them as int64.
void PackInts(std::span<const std::uint64_t> values, std::string& out);
// Throws a protozero::exception when the bytes do not fit or are more than `max_count` numbers.
IntColumn UnpackInts(VarintReader& in, std::size_t max_count);

}  // namespace clew::store
