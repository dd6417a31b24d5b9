#include "store/segment/segment_match.h"

#include <algorithm>
#include <bit>

#include "store/query/attributes.h"

namespace clew::store {
namespace {

using Flags = std::vector<std::uint8_t>;

// Whether a predicate holds on the values of a column, remembered by dictionary code.
class TextAnswers {
 public:
  TextAnswers(const Predicate& predicate, const StringColumn& column)
      : predicate_(predicate), column_(column), known_(column.dictionary_size() + 1) {}
  bool At(std::size_t i) {
    const std::uint64_t code = column_.CodeAt(i);
    if (code == 0) return predicate_.Holds(ValueView::String(column_.At(i)));
    if (known_[code] == 0) {
      known_[code] = predicate_.Holds(ValueView::String(column_.At(i))) ? kHolds : kFails;
    }
    return known_[code] == kHolds;
  }

 private:
  static constexpr std::uint8_t kHolds = 1;
  static constexpr std::uint8_t kFails = 2;
  const Predicate& predicate_;
  const StringColumn& column_;
  std::vector<std::uint8_t> known_;  // by code; 0: not asked yet
};

// The same for numbers, which often repeat the one before.
class NumberAnswers {
 public:
  NumberAnswers(const Predicate& predicate, const IntColumn& column, ColumnType type)
      : predicate_(predicate), column_(column), type_(type) {}
  bool At(std::size_t i) {
    const std::uint64_t number = column_.At(i);
    if (asked_ && number == last_) return holds_;
    asked_ = true;
    last_ = number;
    ValueView value = ValueView::Int(static_cast<std::int64_t>(number));
    if (type_ == ColumnType::kBool) value = ValueView::Bool(number != 0);
    if (type_ == ColumnType::kDouble) value = ValueView::Double(std::bit_cast<double>(number));
    return holds_ = predicate_.Holds(value);
  }

 private:
  const Predicate& predicate_;
  const IntColumn& column_;
  const ColumnType type_;
  bool asked_ = false;
  bool holds_ = false;
  std::uint64_t last_ = 0;
};

class RowMatcher {
 public:
  explicit RowMatcher(const SegmentReader& segment)
      : segment_(segment), selected_(segment.rows(), 1) {}

  void Apply(const Predicate& predicate) {
    const SegmentColumns& columns = segment_.columns();
    switch (predicate.condition().field) {
      case Field::kService:
        ApplyService(predicate);
        return;
      case Field::kName: {
        TextAnswers answers(predicate, columns.RowStrings(Stream::kNames));
        Keep([&](std::size_t row) { return answers.At(row); });
        return;
      }
      case Field::kKind:
        ApplyNumbers(predicate, Stream::kKinds);
        return;
      case Field::kStatus:
        ApplyNumbers(predicate, Stream::kStatuses);
        return;
      case Field::kDuration:
        ApplyNumbers(predicate, Stream::kDurations);
        return;
      case Field::kAttribute:
        ApplyAttribute(predicate);
        return;
      default:
        CLEW_CHECK(!"a condition on a trace");
    }
  }
  Flags Take() { return std::move(selected_); }

 private:
  template <typename Holds>
  void Keep(Holds holds) {
    for (std::size_t row = 0; row < selected_.size(); ++row) {
      if (selected_[row] != 0 && !holds(row)) selected_[row] = 0;
    }
  }

  void ApplyNumbers(const Predicate& predicate, Stream stream) {
    NumberAnswers answers(predicate, segment_.columns().RowInts(stream), ColumnType::kInt);
    Keep([&](std::size_t row) { return answers.At(row); });
  }

  // Keeps rows by what `holds` says of their context.
  template <typename Holds>
  Flags AskContexts(Holds holds) {
    Flags answers;
    for (const SegmentReader::Context& context : segment_.contexts()) {
      answers.push_back(holds(context) ? 1 : 0);
    }
    const IntColumn& codes = segment_.columns().RowInts(Stream::kContexts);
    Flags rows(selected_.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (codes.At(row) >= answers.size()) throw protozero::invalid_length_exception{};
      rows[row] = answers[codes.At(row)];
    }
    return rows;
  }

  void ApplyService(const Predicate& predicate) {
    const Flags rows = AskContexts([&](const SegmentReader::Context& context) {
      return predicate.Holds(ValueView::String(context.service));
    });
    Keep([&](std::size_t row) { return rows[row] != 0; });
  }

  void ApplyAttribute(const Predicate& predicate) {
    const Condition& condition = predicate.condition();
    Flags rows(selected_.size());
    if (condition.scope != AttributeScope::kSpan) {
      rows = AskContexts([&](const SegmentReader::Context& context) {
        bool holds = false;
        ReadResourceAttributes(*context.resource,
                               [&](std::string_view key, const ValueView& value) {
                                 holds = key == condition.key && predicate.Holds(value);
                                 return !holds;
                               });
        return holds;
      });
    }
    if (condition.scope != AttributeScope::kResource) {
      const auto& columns = segment_.attributes().columns;
      for (std::size_t column = 0; column < columns.size(); ++column) {
        if (columns[column].key == condition.key) MarkColumn(predicate, column, rows);
      }
    }
    Keep([&](std::size_t row) { return rows[row] != 0; });
  }

  // Marks the rows that have a value in the column on which the predicate holds.
  void MarkColumn(const Predicate& predicate, std::size_t column, Flags& rows) {
    const ColumnType type = segment_.attributes().columns[column].type;
    if (type == ColumnType::kCompound || type == ColumnType::kMissing) {
      // It is there, and equals nothing: one answer for all.
      if (!predicate.Holds(ValueView{})) return;
      EachValue(column, kMaxColumnValues, rows, [](std::size_t) { return true; });
    } else if (type == ColumnType::kString) {
      const StringColumn& strings = segment_.columns().Column(AttributeStream(column));
      TextAnswers answers(predicate, strings);
      EachValue(column, strings.size(), rows, [&](std::size_t i) { return answers.At(i); });
    } else {
      const IntColumn& numbers = segment_.columns().Ints(AttributeStream(column));
      NumberAnswers answers(predicate, numbers, type);
      EachValue(column, numbers.size(), rows, [&](std::size_t i) { return answers.At(i); });
    }
  }

  // Asks `holds` for the values of each row in the column, of rows that are still selected.
  template <typename Holds>
  void EachValue(std::size_t column, std::size_t size, Flags& rows, Holds holds) {
    std::vector<std::uint32_t> values_of_shape;
    for (const auto& shape : segment_.attributes().shapes) {
      values_of_shape.push_back(
          static_cast<std::uint32_t>(std::count(shape.begin(), shape.end(), column)));
    }
    const IntColumn& shapes = segment_.columns().RowInts(Stream::kShapes);
    std::size_t next = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::uint64_t shape = shapes.At(row);
      if (shape >= values_of_shape.size()) throw protozero::invalid_length_exception{};
      const std::size_t end = next + values_of_shape[shape];
      if (end > size) throw protozero::invalid_length_exception{};
      for (std::size_t i = next; i < end && selected_[row] != 0 && rows[row] == 0; ++i) {
        rows[row] = holds(i) ? 1 : 0;
      }
      next = end;
    }
  }

  const SegmentReader& segment_;
  Flags selected_;
};

// Only a number can fulfil it. (Whatever is no number is unequal to one.)
bool ComparesNumbers(const Condition& condition) {
  return condition.literal.number && condition.op != Op::kNotEqual && condition.op != Op::kExists &&
         condition.op != Op::kRegex;
}

std::vector<TermKind> KeyKinds(AttributeScope scope) {
  if (scope == AttributeScope::kSpan) return {TermKind::kSpanKey};
  if (scope == AttributeScope::kResource) return {TermKind::kResourceKey};
  return {TermKind::kSpanKey, TermKind::kResourceKey};
}

}  // namespace

Result<std::vector<std::uint8_t>> MatchRows(const SegmentReader& segment,
                                            std::span<const Predicate> predicates) {
  try {
    RowMatcher matcher(segment);
    for (const Predicate& predicate : predicates) matcher.Apply(predicate);
    return matcher.Take();
  } catch (const protozero::exception& error) {
    return Error{Code::kCorrupt, std::string("segment: ") + error.what()};
  }
}

FilterQuery::FilterQuery(std::span<const Predicate> predicates) {
  for (const Predicate& predicate : predicates) {
    const Condition& condition = predicate.condition();
    const auto term = predicate.Term();
    Need need;
    const auto need_field = [&](TermKind kind) {
      if (term) need.any_of.push_back(TermHash(kind, *term));
    };
    if (condition.field == Field::kService) need_field(TermKind::kService);
    if (condition.field == Field::kName) need_field(TermKind::kName);
    if (condition.field == Field::kKind) need_field(TermKind::kKind);
    if (condition.field == Field::kStatus) need_field(TermKind::kStatus);
    if (condition.field == Field::kAttribute) {
      for (const TermKind kind : KeyKinds(condition.scope)) {
        const std::uint64_t key = TermHash(kind, condition.key);
        need.any_of.push_back(term ? AttributeHash(key, ValueHash(*term)) : key);
      }
      if (ComparesNumbers(condition) && condition.scope != AttributeScope::kResource) {
        need.range = &predicate;
        need.range_key = TermHash(TermKind::kSpanKey, condition.key);
        need.resource_key = TermHash(TermKind::kResourceKey, condition.key);
      }
    }
    if (!need.any_of.empty()) needs_.push_back(std::move(need));
  }
}

bool FilterQuery::MayMatch(const TermFilter& filter) const {
  for (const Need& need : needs_) {
    const bool there = std::any_of(need.any_of.begin(), need.any_of.end(),
                                   [&](std::uint64_t hash) { return filter.MayContain(hash); });
    if (!there) return false;
    if (need.range == nullptr || filter.ranges_cut()) continue;
    const bool in_resources = need.range->condition().scope == AttributeScope::kEither &&
                              filter.MayContain(need.resource_key);
    const auto range = filter.Range(need.range_key);
    if (in_resources) continue;
    if (!range || !need.range->MayHoldBetween(range->low, range->high)) return false;
  }
  return true;
}

}  // namespace clew::store
