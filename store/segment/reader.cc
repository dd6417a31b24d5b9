#include "store/segment/reader.h"

#include <algorithm>
#include <numeric>

#include "store/otlp_fields.h"
#include "store/segment/row_builder.h"

namespace clew::store {
namespace {

[[noreturn]] void Damaged() { throw protozero::invalid_length_exception{}; }

// Calls `read` and turns what it throws into kCorrupt.
template <typename Read>
auto Guarded(Read read) -> decltype(read()) {
  try {
    return read();
  } catch (const protozero::exception& error) {
    return Error{Code::kCorrupt, std::string("segment: ") + error.what()};
  }
}

}  // namespace

Result<std::shared_ptr<const SegmentReader>> SegmentReader::Open(std::string bytes) {
  const std::size_t head = kSegmentMagic.size();
  if (bytes.size() > head && bytes.starts_with(kSegmentMagic) &&
      static_cast<std::uint8_t>(bytes[head]) != kSegmentVersion) {
    return Error{Code::kUnsupported,
                 "segment: version " + std::to_string(static_cast<std::uint8_t>(bytes[head]))};
  }
  return Guarded([&]() -> Result<std::shared_ptr<const SegmentReader>> {
    return std::shared_ptr<const SegmentReader>(new SegmentReader(std::move(bytes)));
  });
}

const std::vector<std::uint32_t>& SegmentReader::first_rows() const {
  MutexLock lock(mutex_);
  if (first_rows_ == nullptr) {
    const IntColumn& counts = columns_.Ints(Stream::kTraceRows);
    if (counts.size() != traces()) Damaged();
    std::vector<std::uint32_t> first(traces() + 1);
    for (std::size_t i = 0; i < traces(); ++i) {
      if (counts.At(i) == 0 || counts.At(i) > rows() - first[i]) Damaged();
      first[i + 1] = first[i] + static_cast<std::uint32_t>(counts.At(i));
    }
    if (first.back() != rows()) Damaged();
    first_rows_ = std::make_unique<const std::vector<std::uint32_t>>(std::move(first));
  }
  return *first_rows_;
}

const std::vector<SegmentReader::Context>& SegmentReader::contexts() const {
  MutexLock lock(mutex_);
  if (contexts_ == nullptr) {
    VarintReader in(columns_.Bytes(Stream::kContextTable));
    const auto read_list = [&in] {
      std::vector<std::shared_ptr<const std::string>> list(in.Count());
      for (auto& entry : list) entry = std::make_shared<const std::string>(in.Sized());
      return list;
    };
    const auto resources = read_list();
    const auto scopes = read_list();
    std::vector<Context> contexts(in.Count());
    for (Context& context : contexts) {
      const std::uint64_t resource = in.Varint();
      const std::uint64_t scope = in.Varint();
      if (resource >= resources.size() || scope >= scopes.size()) Damaged();
      context = {resources[resource], scopes[scope],
                 std::string(ReadServiceName(*resources[resource]))};
    }
    contexts_ = std::make_unique<const std::vector<Context>>(std::move(contexts));
  }
  return *contexts_;
}

const SegmentReader::Attributes& SegmentReader::attributes() const {
  MutexLock lock(mutex_);
  if (attributes_ == nullptr) {
    Attributes attributes;
    for (VarintReader in(columns_.Bytes(Stream::kColumnTable)); !in.done();) {
      auto& column = attributes.columns.emplace_back();
      column.key = in.Sized();
      const std::uint8_t type = in.U8();
      if (type >= kColumnTypes) Damaged();
      column.type = static_cast<ColumnType>(type);
    }
    for (VarintReader in(columns_.Bytes(Stream::kShapeTable)); !in.done();) {
      auto& shape = attributes.shapes.emplace_back(in.Count());
      for (std::uint32_t& column : shape) {
        column = static_cast<std::uint32_t>(in.Varint());
        if (column >= attributes.columns.size()) Damaged();
      }
    }
    attributes_ = std::make_unique<const Attributes>(std::move(attributes));
  }
  return *attributes_;
}

Result<SegmentReader::RowRange> SegmentReader::RowsOf(std::size_t trace) const {
  CLEW_CHECK(trace < traces());
  return Guarded([&]() -> Result<RowRange> {
    const auto& first = first_rows();
    return RowRange{first[trace], first[trace + 1]};
  });
}

Result<TraceId> SegmentReader::TraceAt(std::size_t trace) const {
  CLEW_CHECK(trace < traces());
  return Guarded([&]() -> Result<TraceId> {
    const std::string_view ids = columns_.Bytes(Stream::kTraceIds);
    if (ids.size() != traces() * TraceId::kSize) Damaged();
    return *TraceId::FromBytes(ids.substr(trace * TraceId::kSize, TraceId::kSize));
  });
}

Result<std::optional<std::size_t>> SegmentReader::FindTrace(const TraceId& id) const {
  return Guarded([&]() -> Result<std::optional<std::size_t>> {
    const std::string_view ids = columns_.Bytes(Stream::kTraceIds);
    if (ids.size() != traces() * TraceId::kSize) Damaged();
    for (std::size_t i = 0; i < traces(); ++i) {
      if (ids.substr(i * TraceId::kSize, TraceId::kSize) == id.View()) return std::optional(i);
    }
    return std::optional<std::size_t>{};
  });
}

Result<std::string> SegmentReader::BaseOf(std::size_t trace) const {
  return Guarded([&]() -> Result<std::string> {
    MutexLock lock(mutex_);
    if (bases_ == nullptr) {
      Bases bases;
      for (VarintReader in(columns_.Bytes(Stream::kTraceBases)); !in.done();) {
        const std::uint64_t of = in.Varint();
        bases.emplace(of, in.Sized());
      }
      bases_ = std::make_unique<const Bases>(std::move(bases));
    }
    const auto at = bases_->find(trace);
    return at == bases_->end() ? std::string() : std::string(at->second);
  });
}

std::uint64_t SegmentReader::TraceStart(std::size_t trace) const {
  const IntColumn& starts = columns_.Ints(Stream::kTraceStarts);
  if (starts.size() != traces()) Damaged();
  return starts.At(trace);
}

Result<std::vector<SegmentReader::Times>> SegmentReader::AllTimes() const {
  return Guarded([&]() -> Result<std::vector<Times>> {
    const auto& first = first_rows();
    const IntColumn& starts = columns_.RowInts(Stream::kStarts);
    const IntColumn& durations = columns_.RowInts(Stream::kDurations);
    std::vector<Times> times(rows());
    for (std::size_t trace = 0; trace < traces(); ++trace) {
      const std::uint64_t begin = TraceStart(trace);
      for (std::size_t row = first[trace]; row < first[trace + 1]; ++row) {
        times[row].start = begin + starts.At(row);
        times[row].end = times[row].start + durations.At(row);
        if ((times[row].start | times[row].end) >> 63 != 0) Damaged();
      }
    }
    return times;
  });
}

Result<const IntColumn*> SegmentReader::Arrivals() const {
  return Guarded(
      [&]() -> Result<const IntColumn*> { return &columns_.RowInts(Stream::kArrivals); });
}

Status SegmentReader::Glance(std::size_t trace,
                             const std::function<void(const SpanGlance&)>& each) const {
  CLEW_CHECK(trace < traces());
  return Guarded([&]() -> Status {
    const auto& first = first_rows();
    const std::string_view ids = columns_.Bytes(Stream::kSpanIds);
    if (ids.size() != rows() * SpanId::kSize) Damaged();
    const IntColumn& parents = columns_.RowInts(Stream::kParents);
    const IntColumn& starts = columns_.RowInts(Stream::kStarts);
    const IntColumn& durations = columns_.RowInts(Stream::kDurations);
    const IntColumn& statuses = columns_.RowInts(Stream::kStatuses);
    const IntColumn& codes = columns_.RowInts(Stream::kContexts);
    const IntColumn& arrivals = columns_.RowInts(Stream::kArrivals);
    const StringColumn& names = columns_.RowStrings(Stream::kNames);
    const auto& all_contexts = contexts();
    const std::uint64_t begin = TraceStart(trace);
    for (std::size_t row = first[trace]; row < first[trace + 1]; ++row) {
      SpanGlance glance;
      glance.span_id = *SpanId::FromBytes(ids.substr(row * SpanId::kSize, SpanId::kSize));
      glance.has_parent = parents.At(row) != 0;
      glance.status_code = static_cast<std::uint8_t>(statuses.At(row));
      const std::uint64_t start = begin + starts.At(row);
      const std::uint64_t end = start + durations.At(row);
      if ((start | end) >> 63 != 0 || codes.At(row) >= all_contexts.size()) Damaged();
      glance.start = UnixNanosFrom(start);
      glance.end = UnixNanosFrom(end);
      glance.service = all_contexts[codes.At(row)].service;
      glance.name = names.At(row);
      glance.arrival = arrivals.At(row);
      each(glance);
    }
    return {};
  });
}

Status SegmentReader::ReadSpans(std::size_t trace, std::span<const std::uint32_t> places,
                                const EachSpan& each) const {
  CLEW_CHECK(trace < traces());
  const auto id = TraceAt(trace);
  if (!id) return id.error();
  return Guarded([&]() -> Status {
    const auto& first = first_rows();
    const std::size_t count = first[trace + 1] - first[trace];
    RowBuilder builder(*this, *id, first[trace], first[trace + 1], TraceStart(trace));
    for (const std::uint32_t place : places) {
      CLEW_CHECK(place < count);
      std::uint64_t arrival = 0;
      SpanRecord record = builder.Build(first[trace] + place, arrival);
      if (!each(std::move(record), arrival)) break;
    }
    return {};
  });
}

Status SegmentReader::ReadTrace(std::size_t trace, const EachSpan& each) const {
  const auto range = RowsOf(trace);
  if (!range) return range.error();
  std::vector<std::uint32_t> places(range->end - range->begin);
  std::iota(places.begin(), places.end(), 0);
  return ReadSpans(trace, places, each);
}

Status SegmentReader::Verify() const {
  const Status checks = Guarded([&]() -> Status {
    columns_.Verify();
    return {};
  });
  if (!checks) return checks;
  for (std::size_t trace = 0; trace < traces(); ++trace) {
    const Status read = ReadTrace(trace, [](SpanRecord&&, std::uint64_t) { return true; });
    if (!read) return read;
  }
  return {};
}

}  // namespace clew::store
