// Reads a segment: its traces, their spans, and which of them fulfil a condition. Specification:
// docs/formats/segment.md.
//
// The bytes are not trusted. Whatever is damaged ends in kCorrupt, never in spans that nobody sent:
// every stream has its check. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/segment/columns.h"
#include "store/span_glance.h"
#include "store/span_record.h"

namespace clew::store {

class SegmentReader {
 public:
  // kUnsupported: another version; kCorrupt. Only the directory is looked at yet.
  static Result<std::shared_ptr<const SegmentReader>> Open(std::string bytes);

  std::size_t rows() const { return columns_.rows(); }
  std::size_t traces() const { return columns_.traces(); }
  std::size_t MemoryBytes() const { return columns_.MemoryBytes(); }

  // Rows of a trace: first, and one behind the last. `trace` is a number below traces().
  struct RowRange {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  Result<RowRange> RowsOf(std::size_t trace) const;
  Result<TraceId> TraceAt(std::size_t trace) const;
  Result<std::optional<std::size_t>> FindTrace(const TraceId& id) const;
  // Summary of the trace's parts in other segments that were sealed earlier; empty without any.
  Result<std::string> BaseOf(std::size_t trace) const;

  // Start, end and arrival of each span of the whole segment, in order of the rows.
  struct Times {
    std::uint64_t start = 0;  // Unix ns
    std::uint64_t end = 0;
  };
  Result<std::vector<Times>> AllTimes() const;
  // The arrival of each row.
  Result<const IntColumn*> Arrivals() const;
  // Every span of a trace, without its attributes.
  Status Glance(std::size_t trace, const std::function<void(const SpanGlance&)>& each) const;
  // The spans of a trace whose places in it (0: its first row) are in `places`, which rise. Until
  // `each` returns false; the arrival is given beside the span.
  using EachSpan = std::function<bool(SpanRecord&&, std::uint64_t arrival)>;
  Status ReadSpans(std::size_t trace, std::span<const std::uint32_t> places,
                   const EachSpan& each) const;
  // All spans of a trace.
  Status ReadTrace(std::size_t trace, const EachSpan& each) const;
  // Compares all checks and reads every span.
  Status Verify() const;

  // For SegmentMatcher, which is the other reader of columns. They throw a protozero::exception.
  const SegmentColumns& columns() const { return columns_; }
  // Resource, scope and service of each context.
  struct Context {
    std::shared_ptr<const std::string> resource;
    std::shared_ptr<const std::string> scope;
    std::string service;
  };
  const std::vector<Context>& contexts() const;
  // Key and type of the attribute columns, and the columns of each shape.
  struct Attributes {
    struct Column {
      std::string key;
      ColumnType type = ColumnType::kMissing;
    };
    std::vector<Column> columns;
    std::vector<std::vector<std::uint32_t>> shapes;
  };
  const Attributes& attributes() const;
  // First row of each trace, and rows() behind the last one.
  const std::vector<std::uint32_t>& first_rows() const;

 private:
  explicit SegmentReader(std::string bytes) : columns_(std::move(bytes)) {}
  std::uint64_t TraceStart(std::size_t trace) const;

  SegmentColumns columns_;
  mutable Mutex mutex_;
  mutable std::unique_ptr<const std::vector<Context>> contexts_ GUARDED_BY(mutex_);
  mutable std::unique_ptr<const Attributes> attributes_ GUARDED_BY(mutex_);
  mutable std::unique_ptr<const std::vector<std::uint32_t>> first_rows_ GUARDED_BY(mutex_);
  using Bases = std::unordered_map<std::uint64_t, std::string_view>;  // by number of the trace
  mutable std::unique_ptr<const Bases> bases_ GUARDED_BY(mutex_);
};

}  // namespace clew::store
