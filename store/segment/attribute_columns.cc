#include "store/segment/attribute_columns.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "store/query/value.h"
#include "store/varint_reader.h"

namespace clew::store {
namespace {

// The bounds of a number as doubles, widened where a double cannot hold it.
double Below(const Number& number) {
  if (const auto* real = std::get_if<double>(&number)) return *real;
  const std::int64_t integer = std::get<std::int64_t>(number);
  const double near = static_cast<double>(integer);
  return std::abs(near) < 0x1p53 ? near : std::nextafter(near, -INFINITY);
}
double Above(const Number& number) {
  if (const auto* real = std::get_if<double>(&number)) return *real;
  const std::int64_t integer = std::get<std::int64_t>(number);
  const double near = static_cast<double>(integer);
  return std::abs(near) < 0x1p53 ? near : std::nextafter(near, INFINITY);
}

}  // namespace

void AttributeColumns::Add(std::span<const AttributePart> attributes) {
  bool same = shape_.size() == attributes.size() && !row_shapes_.empty();
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const std::uint32_t column = ColumnOf(attributes[i], i);
    AddValue(column, attributes[i]);
    if (i == shape_.size()) shape_.push_back(column);
    same = same && shape_[i] == column;
    shape_[i] = column;
  }
  shape_.resize(attributes.size());
  if (same) {
    row_shapes_.push_back(row_shapes_.back());
    return;
  }
  const auto [at, is_new] =
      shape_of_.try_emplace(shape_, static_cast<std::uint32_t>(shapes_.size()));
  if (is_new) shapes_.push_back(&at->first);
  row_shapes_.push_back(at->second);
}

std::uint32_t AttributeColumns::ColumnOf(const AttributePart& part, std::size_t position) {
  // Most spans have the attributes of the span before them.
  if (position < shape_.size()) {
    const std::uint32_t guess = shape_[position];
    if (columns_[guess].type == part.type && columns_[guess].key == part.key) return guess;
  }
  const auto next = static_cast<std::uint32_t>(columns_.size());
  const auto [at, is_new] = column_of_.try_emplace({part.key, part.type}, next);
  if (is_new) {
    Column& column = columns_.emplace_back();
    column.key = part.key;
    column.type = part.type;
    column.key_hash = TermHash(TermKind::kSpanKey, part.key);
    filter_.Add(column.key_hash);
  }
  return at->second;
}

void AttributeColumns::AddValue(std::uint32_t index, const AttributePart& part) {
  Column& column = columns_[index];
  switch (part.type) {
    case ColumnType::kString:
    case ColumnType::kCompound: {
      const std::uint32_t id = strings_.Intern(part.text);
      column.strings.push_back(id);
      if (part.type == ColumnType::kString) AddStringTerm(index, id);
      return;
    }
    case ColumnType::kBool:
    case ColumnType::kInt:
    case ColumnType::kDouble:
      if (column.numbers.empty() || column.numbers.back() != part.number) {
        AddNumberTerm(column, part.number);
      }
      column.numbers.push_back(part.number);
      return;
    case ColumnType::kMissing:
      return;
  }
}

void AttributeColumns::AddStringTerm(std::uint32_t index, std::uint32_t id) {
  StringTable::Entry& entry = strings_.at(id);
  if (entry.last_column == index + 1) return;  // this column has put it in already
  entry.last_column = index + 1;
  const Column& column = columns_[index];
  const ValueView value = ValueView::String(entry.text);
  const auto term = TermOf(value, text_);
  const bool itself = term->data() == entry.text.data();
  filter_.Add(AttributeHash(column.key_hash, itself ? entry.hash : ValueHash(*term)));
  if (const auto number = NumberOf(value)) {
    filter_.AddNumber(column.key_hash, Below(*number), Above(*number));
  }
}

void AttributeColumns::AddNumberTerm(const Column& column, std::uint64_t number) {
  ValueView value = ValueView::Int(static_cast<std::int64_t>(number));
  if (column.type == ColumnType::kBool) value = ValueView::Bool(number != 0);
  if (column.type == ColumnType::kDouble) value = ValueView::Double(std::bit_cast<double>(number));
  filter_.Add(AttributeHash(column.key_hash, ValueHash(*TermOf(value, text_))));
}

void AttributeColumns::AddRanges() {
  for (const Column& column : columns_) {
    if (column.numbers.empty() || column.type == ColumnType::kBool) continue;
    if (column.type == ColumnType::kInt) {
      std::int64_t low = static_cast<std::int64_t>(column.numbers[0]);
      std::int64_t high = low;
      for (const std::uint64_t number : column.numbers) {
        low = std::min(low, static_cast<std::int64_t>(number));
        high = std::max(high, static_cast<std::int64_t>(number));
      }
      filter_.AddNumber(column.key_hash, Below(low), Above(high));
      continue;
    }
    for (const std::uint64_t bits : column.numbers) {
      const double number = std::bit_cast<double>(bits);
      if (!std::isnan(number)) filter_.AddNumber(column.key_hash, number, number);
    }
  }
}

void AttributeColumns::Write(SegmentWriter& out) const {
  std::string table;
  for (const Column& column : columns_) {
    AppendSized(table, column.key);
    table.push_back(static_cast<char>(column.type));
  }
  out.PutBytes(Stream::kColumnTable, table);
  table.clear();
  for (const Shape* shape : shapes_) {
    AppendVarint(table, shape->size());
    for (const std::uint32_t column : *shape) AppendVarint(table, column);
  }
  out.PutBytes(Stream::kShapeTable, table);
  out.PutInts(Stream::kShapes, row_shapes_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    out.PutColumn(AttributeStream(i), columns_[i].strings, strings_);
    out.PutInts(AttributeStream(i), columns_[i].numbers);
  }
}

}  // namespace clew::store
