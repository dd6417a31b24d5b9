// Puts the streams of a segment together behind a directory of them; see layout.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/segment/layout.h"
#include "store/segment/string_table.h"

namespace clew::store {

class SegmentWriter {
 public:
  // Streams that hold nothing are left out.
  void PutBytes(Stream stream, std::string_view bytes);
  void PutInts(Stream stream, std::span<const std::uint64_t> values);
  // Lengths, then text of the strings, as one stream.
  void PutStrings(Stream stream, std::span<const std::string_view> strings);
  // A string column of ids of `strings`, which has given out its codes.
  void PutColumn(Stream column, std::span<const std::uint32_t> ids, const StringTable& strings);
  // The segment.
  std::string Finish(std::uint32_t rows, std::uint32_t traces) const;

 private:
  void End(Stream stream, std::size_t begin);

  struct Entry {
    Stream stream;
    std::size_t size;
    std::uint32_t check;
  };
  std::vector<Entry> entries_;
  std::string body_;
};

// The check of a piece of a segment: the low half of its XXH3.
std::uint32_t SegmentCheck(std::string_view bytes);

}  // namespace clew::store
