#include "store/query/predicate.h"

#include <re2/re2.h>

#include <utility>

namespace clew::store {
namespace {

constexpr std::int64_t kMaxRegexBytes = 1 << 20;  // compiled; RE2 runs in linear time

bool Satisfies(std::partial_ordering order, Op op) {
  switch (op) {
    case Op::kEqual:
      return order == 0;
    case Op::kNotEqual:
      return order != 0;
    case Op::kLess:
      return order < 0;
    case Op::kLessEqual:
      return order <= 0;
    case Op::kGreater:
      return order > 0;
    case Op::kGreaterEqual:
      return order >= 0;
    case Op::kExists:
    case Op::kRegex:
      break;
  }
  return false;
}

}  // namespace

Predicate::Predicate(Condition condition, std::unique_ptr<re2::RE2> regex)
    : condition_(std::move(condition)), regex_(std::move(regex)) {}
Predicate::Predicate(Predicate&&) noexcept = default;
Predicate& Predicate::operator=(Predicate&&) noexcept = default;
Predicate::~Predicate() = default;

Result<Predicate> Predicate::Make(Condition condition) {
  if (condition.op != Op::kRegex) return Predicate(std::move(condition), nullptr);
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexBytes);
  auto regex = std::make_unique<re2::RE2>(condition.literal.text, options);
  if (!regex->ok()) {
    return Error{Code::kInvalid,
                 "regular expression \"" + condition.literal.text + "\": " + regex->error()};
  }
  return Predicate(std::move(condition), std::move(regex));
}

bool Predicate::Holds(const ValueView& value) const {
  if (condition_.op == Op::kExists) return true;
  const Literal& literal = condition_.literal;
  if (literal.number && condition_.op != Op::kRegex) {
    const auto number = NumberOf(value);
    return Satisfies(
        number ? CompareNumbers(*number, *literal.number) : std::partial_ordering::unordered,
        condition_.op);
  }
  std::string buffer;
  const auto text = TextOf(value, buffer);
  if (condition_.op == Op::kRegex) {
    return text && re2::RE2::PartialMatch(re2::StringPiece(text->data(), text->size()), *regex_);
  }
  return Satisfies(text ? std::partial_ordering(*text <=> std::string_view(literal.text))
                        : std::partial_ordering::unordered,
                   condition_.op);
}

bool Predicate::MayHoldBetween(const Number& low, const Number& high) const {
  const auto& number = condition_.literal.number;
  if (!number) return true;
  switch (condition_.op) {
    case Op::kEqual:
      return CompareNumbers(low, *number) <= 0 && CompareNumbers(high, *number) >= 0;
    case Op::kLess:
    case Op::kLessEqual:
      return Satisfies(CompareNumbers(low, *number), condition_.op);
    case Op::kGreater:
    case Op::kGreaterEqual:
      return Satisfies(CompareNumbers(high, *number), condition_.op);
    case Op::kNotEqual:
    case Op::kExists:
    case Op::kRegex:
      break;
  }
  return true;
}

std::optional<std::string> Predicate::Term() const {
  if (condition_.op != Op::kEqual) return std::nullopt;
  ValueView value = ValueView::String(condition_.literal.text);
  if (const auto& number = condition_.literal.number) {
    const auto* const integer = std::get_if<std::int64_t>(&*number);
    value = integer != nullptr ? ValueView::Int(*integer)
                               : ValueView::Double(std::get<double>(*number));
  }
  std::string buffer;
  return std::string(*TermOf(value, buffer));
}

}  // namespace clew::store
