// Makes a segment and its filter out of spans. Specification: docs/formats/segment.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "store/span_record.h"

namespace clew::store {

// A span on its way into a segment.
struct SegmentRow {
  const SpanRecord* span = nullptr;
  std::uint64_t arrival = 0;  // sequence of the append that brought it
};

struct EncodedSegment {
  std::string bytes;
  std::string filter;
  std::uint32_t rows = 0;
  std::uint32_t traces = 0;
  std::uint32_t exact_spans = 0;  // kept by their bytes, see span_parts.h
};

// One segment after the other. One thread.
class SegmentEncoder {
 public:
  SegmentEncoder();
  ~SegmentEncoder();
  // Spans of one trace in order of their start; none of the traces given since the last Finish may
  // be the same, and their starts must not fall. `base`: summary of the parts of the trace that
  // other segments hold, empty without any. The spans must live until Finish.
  void AddTrace(std::span<const SegmentRow> rows, std::string_view base);
  std::size_t rows() const;
  // Of what was given since the last Finish, as it came: spans and bases, and each resource and
  // scope once.
  std::size_t bytes() const;
  // At least one trace must have been given.
  EncodedSegment Finish();

 private:
  class Columns;
  std::unique_ptr<Columns> columns_;
};

}  // namespace clew::store
