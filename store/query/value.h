// Values as a query sees them, and the one rule by which any two of them are compared.
//
// docs/query.md, "Comparing", is the specification for users. In short: a value is a text, and some
// values are a number too. An int and a double are numbers; so is a string that is spelled like one
// (ReadNumber), since much telemetry sends numbers as text. A comparison with a number is by
// number, any other one by text, byte by byte.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace clew::store {

using Number = std::variant<std::int64_t, double>;

// Exact, also between an integer beyond 2^53 and a double; unordered with NaN.
std::partial_ordering CompareNumbers(const Number& a, const Number& b);

// The number that a text is in whole: -?(0|[1-9][0-9]*)(\.[0-9]+)? of at most 32 bytes, an integer
// within int64. No exponent, no leading zeros and no plus sign: "1e5", "007" and "+1" are names
// more often than numbers.
std::optional<Number> ReadNumber(std::string_view text);

// An attribute's value. Views the bytes that it was read from.
struct ValueView {
  enum class Type : std::uint8_t { kString, kBool, kInt, kDouble, kCompound };
  Type type = Type::kCompound;  // array, map, bytes or nothing: it exists and equals nothing
  std::string_view string;      // kString
  std::int64_t integer = 0;     // kInt; kBool: 0 or 1
  double real = 0;              // kDouble

  static ValueView String(std::string_view text) { return {.type = Type::kString, .string = text}; }
  static ValueView Bool(bool value) { return {.type = Type::kBool, .integer = value ? 1 : 0}; }
  static ValueView Int(std::int64_t value) { return {.type = Type::kInt, .integer = value}; }
  static ValueView Double(double value) { return {.type = Type::kDouble, .real = value}; }
};

// The number that a value is; nothing for a bool, a compound, and a string that is none.
std::optional<Number> NumberOf(const ValueView& value);

// The text of a value: a string itself, true or false, an integer in decimal, a double in the
// shortest decimal that reads back equal ("500" for 500.0). Nothing for a compound. The view is
// into the value or into `buffer`.
std::optional<std::string_view> TextOf(const ValueView& value, std::string& buffer);

// The text under which a value is looked up: values that any `=` of the query model takes for equal
// have the same one ("500" for 500, 500.0, "500" and "500.0"). The reverse is not so: what is found
// by it must still be compared. For filters and inverted indexes. Nothing for a compound.
std::optional<std::string_view> TermOf(const ValueView& value, std::string& buffer);

}  // namespace clew::store
