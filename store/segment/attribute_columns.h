// The attributes of the spans of a segment that is being encoded: a column for each key and type,
// and for each span the list of columns that its values went to (its shape), since their order
// counts.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/segment/segment_writer.h"
#include "store/segment/span_parts.h"
#include "store/segment/string_table.h"
#include "store/segment/term_filter.h"

namespace clew::store {

// A column of strings, as ids of the segment's StringTable.
using StringIds = std::vector<std::uint32_t>;

class AttributeColumns {
 public:
  AttributeColumns(StringTable& strings, TermFilterBuilder& filter)
      : strings_(strings), filter_(filter) {}
  // The attributes of the next span.
  void Add(std::span<const AttributePart> attributes);
  // After StringTable::Finish.
  void Write(SegmentWriter& out) const;
  // Puts the number ranges of all columns into the filter.
  void AddRanges();

 private:
  using Shape = std::vector<std::uint32_t>;
  struct Column {
    std::string_view key;
    ColumnType type = ColumnType::kMissing;
    std::uint64_t key_hash = 0;
    StringIds strings;                   // kString, kCompound
    std::vector<std::uint64_t> numbers;  // kBool, kInt, kDouble
  };
  std::uint32_t ColumnOf(const AttributePart& part, std::size_t position);
  void AddValue(std::uint32_t column, const AttributePart& part);
  void AddStringTerm(std::uint32_t column, std::uint32_t id);
  void AddNumberTerm(const Column& column, std::uint64_t number);

  StringTable& strings_;
  TermFilterBuilder& filter_;
  std::vector<Column> columns_;
  std::map<std::pair<std::string_view, ColumnType>, std::uint32_t> column_of_;
  std::map<Shape, std::uint32_t> shape_of_;
  std::vector<const Shape*> shapes_;       // keys of shape_of_
  std::vector<std::uint64_t> row_shapes_;  // of every span
  Shape shape_;                            // of the last span
  std::string text_;                       // of a term
};

}  // namespace clew::store
