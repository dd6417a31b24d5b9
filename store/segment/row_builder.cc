#include "store/segment/row_builder.h"

namespace clew::store {
namespace {

[[noreturn]] void Damaged() { throw protozero::invalid_length_exception{}; }

}  // namespace

RowBuilder::RowBuilder(const SegmentReader& segment, const TraceId& trace, std::size_t begin,
                       std::size_t end, std::uint64_t trace_start)
    : segment_(segment),
      trace_(trace),
      begin_(begin),
      end_(end),
      trace_start_(trace_start),
      attributes_(segment.attributes()),
      contexts_(segment.contexts()),
      ids_(segment.columns().Bytes(Stream::kSpanIds)),
      parent_ids_(segment.columns().Bytes(Stream::kParentIds)),
      parents_(segment.columns().RowInts(Stream::kParents)),
      starts_(segment.columns().RowInts(Stream::kStarts)),
      durations_(segment.columns().RowInts(Stream::kDurations)),
      kinds_(segment.columns().RowInts(Stream::kKinds)),
      statuses_(segment.columns().RowInts(Stream::kStatuses)),
      codes_(segment.columns().RowInts(Stream::kContexts)),
      shapes_(segment.columns().RowInts(Stream::kShapes)),
      arrivals_(segment.columns().RowInts(Stream::kArrivals)),
      names_(segment.columns().RowStrings(Stream::kNames)),
      trace_states_(segment.columns().RowStrings(Stream::kTraceStates)),
      status_fields_(segment.columns().RowStrings(Stream::kStatusFields)),
      middles_(segment.columns().RowStrings(Stream::kMiddles)),
      tails_(segment.columns().RowStrings(Stream::kTails)),
      exact_rows_(segment.columns().Ints(Stream::kExactRows)),
      exact_spans_(segment.columns().Strings(Stream::kExactSpans)),
      sources_(attributes_.columns.size()),
      loaded_(attributes_.columns.size()) {
  if (ids_.size() != segment.rows() * SpanId::kSize) Damaged();
  if (exact_rows_.size() != exact_spans_.size()) Damaged();
  // The values of the rows before ours are counted by shape, not row by row and key by key.
  std::vector<std::size_t> rows_of_shape(attributes_.shapes.size());
  for (; row_ < begin_; ++row_) {
    const std::uint64_t shape = shapes_.At(row_);
    if (shape >= rows_of_shape.size()) Damaged();
    ++rows_of_shape[shape];
    if (parents_.At(row_) == 1) ++next_parent_;
  }
  for (std::size_t shape = 0; shape < rows_of_shape.size(); ++shape) {
    if (rows_of_shape[shape] == 0) continue;
    for (const std::uint32_t column : attributes_.shapes[shape]) {
      sources_[column].next += rows_of_shape[shape];
    }
  }
  while (next_exact_ < exact_rows_.size() && exact_rows_.At(next_exact_) < begin_) ++next_exact_;
}

void RowBuilder::SkipTo(std::size_t row) {
  for (; row_ < row; ++row_) {
    const std::uint64_t shape = shapes_.At(row_);
    if (shape >= attributes_.shapes.size()) Damaged();
    for (const std::uint32_t column : attributes_.shapes[shape]) ++sources_[column].next;
    if (parents_.At(row_) == 1) ++next_parent_;
  }
  while (next_exact_ < exact_rows_.size() && exact_rows_.At(next_exact_) < row) ++next_exact_;
}

SpanId RowBuilder::ParentOf(std::size_t row) {
  const std::uint64_t parent = parents_.At(row);
  if (parent == 0) return {};
  std::string_view from = ids_;
  std::size_t index = 0;
  if (parent == 1) {
    from = parent_ids_;
    index = next_parent_++;
  } else {
    if (parent - 2 >= end_ - begin_) Damaged();
    index = begin_ + parent - 2;
  }
  if ((index + 1) * SpanId::kSize > from.size()) Damaged();
  return *SpanId::FromBytes(from.substr(index * SpanId::kSize, SpanId::kSize));
}

RowBuilder::AttributeSource& RowBuilder::Source(std::uint32_t column) {
  AttributeSource& source = sources_[column];
  if (loaded_[column]) return source;
  loaded_[column] = true;
  source.type = attributes_.columns[column].type;
  if (source.type == ColumnType::kString || source.type == ColumnType::kCompound) {
    source.strings = &segment_.columns().Column(AttributeStream(column));
  } else if (source.type != ColumnType::kMissing) {
    source.numbers = &segment_.columns().Ints(AttributeStream(column));
  }
  return source;
}

void RowBuilder::ReadAttributes(std::size_t row) {
  parts_.attributes.clear();
  const std::uint64_t shape = shapes_.At(row);
  if (shape >= attributes_.shapes.size()) Damaged();
  for (const std::uint32_t column : attributes_.shapes[shape]) {
    AttributeSource& source = Source(column);
    const std::size_t value = source.next++;
    AttributePart part;
    part.key = attributes_.columns[column].key;
    part.type = source.type;
    if (source.strings != nullptr) {
      if (value >= source.strings->size()) Damaged();
      part.text = source.strings->At(value);
    } else if (source.numbers != nullptr) {
      if (value >= source.numbers->size()) Damaged();
      part.number = source.numbers->At(value);
    }
    parts_.attributes.push_back(part);
  }
}

SpanRecord RowBuilder::Build(std::size_t row, std::uint64_t& arrival) {
  CLEW_CHECK(row >= row_ && row < end_);
  SkipTo(row);
  const std::uint64_t code = codes_.At(row);
  const std::uint64_t start = trace_start_ + starts_.At(row);
  const std::uint64_t end = start + durations_.At(row);
  if (code >= contexts_.size() || (start | end) >> 63 != 0) Damaged();
  SpanRecord record;
  record.trace_id = trace_;
  record.span_id = *SpanId::FromBytes(ids_.substr(row * SpanId::kSize, SpanId::kSize));
  record.parent_id = ParentOf(row);
  record.service = contexts_[code].service;
  record.resource = contexts_[code].resource;
  record.scope = contexts_[code].scope;
  record.name = names_.At(row);
  record.kind = static_cast<std::uint8_t>(kinds_.At(row));
  record.status_code = static_cast<std::uint8_t>(statuses_.At(row));
  record.start = UnixNanosFrom(start);
  record.end = UnixNanosFrom(end);
  arrival = arrivals_.At(row);
  ReadAttributes(row);
  ++row_;
  if (next_exact_ < exact_rows_.size() && exact_rows_.At(next_exact_) == row) {
    record.span = exact_spans_.At(next_exact_++);
    return record;
  }
  parts_.trace_id = record.trace_id.View();
  parts_.span_id = record.span_id.View();
  parts_.parent_id = record.parent_id.valid() ? record.parent_id.View() : std::string_view{};
  parts_.trace_state = trace_states_.At(row);
  parts_.name = record.name;
  parts_.kind = record.kind;
  parts_.start = start;
  parts_.end = end;
  parts_.middle = middles_.At(row);
  parts_.status = status_fields_.At(row);
  parts_.tail = tails_.At(row);
  AppendSpan(parts_, record.span);
  return record;
}

}  // namespace clew::store
