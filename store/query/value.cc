#include "store/query/value.h"

#include <charconv>
#include <cmath>

namespace clew::store {
namespace {

constexpr std::size_t kMaxNumberBytes = 32;
constexpr double kTwoTo63 = 9223372036854775808.0;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Compares without turning the integer into a double, which would round it.
std::partial_ordering CompareMixed(std::int64_t a, double b) {
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= kTwoTo63) return std::partial_ordering::less;
  if (b < -kTwoTo63) return std::partial_ordering::greater;
  const double whole = std::trunc(b);
  const auto truncated = static_cast<std::int64_t>(whole);
  if (a != truncated) return a <=> truncated;
  return whole <=> b;
}

template <typename T>
std::string_view Print(T value, std::string& buffer) {
  buffer.resize(kMaxNumberBytes);  // the longest shortest double has 24 characters
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  buffer.resize(static_cast<std::size_t>(end - buffer.data()));
  return buffer;
}

std::string_view PrintDouble(double value, std::string& buffer) {
  if (value >= -kTwoTo63 && value < kTwoTo63 && std::trunc(value) == value) {
    return Print(static_cast<std::int64_t>(value), buffer);
  }
  return Print(value, buffer);
}

}  // namespace

std::partial_ordering CompareNumbers(const Number& a, const Number& b) {
  const auto* const a_integer = std::get_if<std::int64_t>(&a);
  const auto* const b_integer = std::get_if<std::int64_t>(&b);
  if (a_integer != nullptr && b_integer != nullptr) return *a_integer <=> *b_integer;
  if (a_integer != nullptr) return CompareMixed(*a_integer, std::get<double>(b));
  if (b_integer != nullptr) return 0 <=> CompareMixed(*b_integer, std::get<double>(a));
  return std::get<double>(a) <=> std::get<double>(b);
}

std::optional<Number> ReadNumber(std::string_view text) {
  if (text.empty() || text.size() > kMaxNumberBytes) return std::nullopt;
  std::size_t at = text[0] == '-' ? 1 : 0;
  const std::size_t first = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  const std::size_t digits = at - first;
  if (digits == 0 || (digits > 1 && text[first] == '0')) return std::nullopt;
  const char* const end = text.data() + text.size();
  if (at == text.size()) {
    std::int64_t integer = 0;
    if (std::from_chars(text.data(), end, integer).ec != std::errc{}) return std::nullopt;
    return integer;
  }
  const std::size_t point = at;
  if (text[at] != '.') return std::nullopt;
  for (++at; at < text.size() && IsDigit(text[at]);) ++at;
  if (at != text.size() || at == point + 1) return std::nullopt;
  double real = 0;
  if (std::from_chars(text.data(), end, real).ec != std::errc{}) return std::nullopt;
  return real;
}

std::optional<Number> NumberOf(const ValueView& value) {
  switch (value.type) {
    case ValueView::Type::kInt:
      return value.integer;
    case ValueView::Type::kDouble:
      return value.real;
    case ValueView::Type::kString:
      return ReadNumber(value.string);
    case ValueView::Type::kBool:
    case ValueView::Type::kCompound:
      break;
  }
  return std::nullopt;
}

std::optional<std::string_view> TextOf(const ValueView& value, std::string& buffer) {
  switch (value.type) {
    case ValueView::Type::kString:
      return value.string;
    case ValueView::Type::kBool:
      return value.integer != 0 ? "true" : "false";
    case ValueView::Type::kInt:
      return Print(value.integer, buffer);
    case ValueView::Type::kDouble:
      return PrintDouble(value.real, buffer);
    case ValueView::Type::kCompound:
      break;
  }
  return std::nullopt;
}

std::optional<std::string_view> TermOf(const ValueView& value, std::string& buffer) {
  if (value.type == ValueView::Type::kString) {
    if (const auto number = ReadNumber(value.string)) {
      const auto* const integer = std::get_if<std::int64_t>(&*number);
      return integer != nullptr ? Print(*integer, buffer)
                                : PrintDouble(std::get<double>(*number), buffer);
    }
  }
  return TextOf(value, buffer);
}

}  // namespace clew::store
