#include "store/query/query.h"

#include <array>

namespace clew::store {
namespace {

constexpr std::array<const char*, 6> kKindNames = {"unspecified", "internal", "server",
                                                   "client",      "producer", "consumer"};
constexpr std::array<const char*, 3> kStatusNames = {"unset", "ok", "error"};
constexpr std::array<const char*, 5> kPartialNames = {"no", "deadline", "memory", "cancelled",
                                                      "unreadable"};
constexpr std::size_t kMaxCursorBytes = 256;

template <std::size_t N>
const char* NameOf(const std::array<const char*, N>& names, std::size_t number) {
  return number < N ? names[number] : "unknown";
}

bool IsText(Field field) {
  return field == Field::kService || field == Field::kName || field == Field::kAttribute ||
         field == Field::kRootService || field == Field::kRootName;
}

// What may be asked of a field, or why not.
const char* WhatIsWrong(const Condition& condition) {
  const bool attribute = condition.field == Field::kAttribute;
  if (condition.field > Field::kRootName || condition.op > Op::kRegex ||
      condition.scope > AttributeScope::kResource) {
    return "a condition of another version";
  }
  if (attribute && condition.key.empty()) return "an attribute without a key";
  if (!attribute && condition.op == Op::kExists) return "only attributes may be missing";
  if (condition.key.size() > kMaxLiteralBytes) return "a key over 4096 bytes";
  if (condition.literal.text.size() > kMaxLiteralBytes) return "a value over 4096 bytes";
  if (IsText(condition.field)) return nullptr;
  if (condition.op == Op::kRegex) return "a regular expression on a number";
  if (!condition.literal.number) return "a number is compared with a text";
  const bool named = condition.field == Field::kKind || condition.field == Field::kStatus;
  if (named && condition.op != Op::kEqual && condition.op != Op::kNotEqual) {
    return "kind and status have no order";
  }
  return nullptr;
}

}  // namespace

const char* KindName(std::uint8_t kind) { return NameOf(kKindNames, kind); }
const char* StatusName(std::uint8_t status) { return NameOf(kStatusNames, status); }
const char* PartialName(Partial partial) {
  return NameOf(kPartialNames, static_cast<std::size_t>(partial));
}

Status Validate(const Query& query) {
  const auto invalid = [](std::string what) { return Error{Code::kInvalid, std::move(what)}; };
  if (query.conditions.size() > kMaxConditions) {
    return invalid("more than " + std::to_string(kMaxConditions) + " conditions");
  }
  for (const Condition& condition : query.conditions) {
    if (const char* const wrong = WhatIsWrong(condition)) return invalid(wrong);
  }
  if (query.limit == 0) return invalid("limit is zero");
  if (query.limit > kMaxLimit) return invalid("limit is over " + std::to_string(kMaxLimit));
  if (query.start_min > query.start_max) return invalid("start_min is after start_max");
  if (query.order > Order::kSlowest) return invalid("an order of another version");
  if (query.cursor.size() > kMaxCursorBytes) return invalid("cursor is too long to be one");
  return {};
}

}  // namespace clew::store
