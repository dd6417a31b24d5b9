// Puts spans together from the columns of a segment, one after the other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/segment/reader.h"
#include "store/segment/span_parts.h"

namespace clew::store {

// For rows of one trace, rising. Throws a protozero::exception on damage.
class RowBuilder {
 public:
  // The trace has rows `begin` to `end`, and its first span starts at `trace_start`.
  RowBuilder(const SegmentReader& segment, const TraceId& trace, std::size_t begin, std::size_t end,
             std::uint64_t trace_start);
  // `row` is behind the last one that was built.
  SpanRecord Build(std::size_t row, std::uint64_t& arrival);

 private:
  struct AttributeSource {
    ColumnType type = ColumnType::kMissing;
    const IntColumn* numbers = nullptr;
    const StringColumn* strings = nullptr;
    std::size_t next = 0;  // value of the next row that has one
  };
  void SkipTo(std::size_t row);
  SpanId ParentOf(std::size_t row);
  void ReadAttributes(std::size_t row);
  AttributeSource& Source(std::uint32_t column);

  const SegmentReader& segment_;
  const TraceId trace_;
  const std::size_t begin_;
  const std::size_t end_;
  const std::uint64_t trace_start_;
  const SegmentReader::Attributes& attributes_;
  const std::vector<SegmentReader::Context>& contexts_;
  const std::string_view ids_;
  const std::string_view parent_ids_;
  const IntColumn& parents_;
  const IntColumn& starts_;
  const IntColumn& durations_;
  const IntColumn& kinds_;
  const IntColumn& statuses_;
  const IntColumn& codes_;
  const IntColumn& shapes_;
  const IntColumn& arrivals_;
  const StringColumn& names_;
  const StringColumn& trace_states_;
  const StringColumn& status_fields_;
  const StringColumn& middles_;
  const StringColumn& tails_;
  const IntColumn& exact_rows_;
  const StringList& exact_spans_;

  std::size_t row_ = 0;          // the next one
  std::size_t next_parent_ = 0;  // in parent_ids_
  std::size_t next_exact_ = 0;
  std::vector<AttributeSource> sources_;  // by column; those without a type are not loaded yet
  std::vector<bool> loaded_;
  SpanParts parts_;
};

}  // namespace clew::store
