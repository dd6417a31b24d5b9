// One condition, made ready to be asked many times: the regular expression is compiled once.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "store/query/query.h"

namespace re2 {
class RE2;
}

namespace clew::store {

// Movable; const use from any thread.
class Predicate {
 public:
  // kInvalid: a regular expression that does not compile, or is larger than the bound (1 MiB
  // compiled).
  static Result<Predicate> Make(Condition condition);
  Predicate(Predicate&&) noexcept;
  Predicate& operator=(Predicate&&) noexcept;
  ~Predicate();

  const Condition& condition() const { return condition_; }
  // `value op literal`. The value of a numeric field (kind, status, duration, counts) is an Int.
  bool Holds(const ValueView& value) const;
  // False when no value between `low` and `high` (inclusive, numbers only) can hold. For ranges
  // kept beside numeric columns; strings that are numbers must have been counted in.
  bool MayHoldBetween(const Number& low, const Number& high) const;
  // For an equality, the term (TermOf) that every value which holds has; nothing for other
  // operators.
  std::optional<std::string> Term() const;

 private:
  Predicate(Condition condition, std::unique_ptr<re2::RE2> regex);
  Condition condition_;
  std::unique_ptr<re2::RE2> regex_;  // kRegex only
};

}  // namespace clew::store
