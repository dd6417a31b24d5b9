#include "store/query/format.h"

#include <charconv>
#include <chrono>

#include "store/query/syntax.h"

namespace clew::store {
namespace {

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == '/' || c == ':' || c == '@';
}

bool IsPlain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return IsPlain(c); });
}

std::string Key(const Condition& condition) {
  if (condition.field != Field::kAttribute) {
    for (const syntax::FieldWord& field : syntax::kFieldWords) {
      if (field.field == condition.field) return std::string(field.word);
    }
  }
  const std::string& key = condition.key;
  switch (condition.scope) {
    case AttributeScope::kSpan:
      return std::string(syntax::kSpanPrefix) + (IsPlain(key) ? key : Quote(key));
    case AttributeScope::kResource:
      return std::string(syntax::kResourcePrefix) + (IsPlain(key) ? key : Quote(key));
    case AttributeScope::kEither:
      break;
  }
  const bool means_something = syntax::FindField(key) || key == syntax::kSpanError ||
                               key.starts_with(syntax::kTracePrefix) ||
                               key.starts_with(syntax::kSpanPrefix) ||
                               key.starts_with(syntax::kResourcePrefix);
  return IsPlain(key) && !means_something ? key : Quote(key);
}

// Fixed notation and always with a point, so that it is read as the same double.
std::string PrintReal(double value) {
  std::array<char, 400> buffer;  // the longest double has 309 digits before the point
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed)
          .ptr;
  std::string text(buffer.data(), end);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string PrintDuration(std::int64_t ns) {
  struct Unit {
    std::int64_t size;
    const char* name;
  };
  constexpr std::array<Unit, 3> kUnits = {{{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}}};
  for (const Unit& unit : kUnits) {
    if (ns != 0 && ns % unit.size == 0) return std::to_string(ns / unit.size) + unit.name;
  }
  return std::to_string(ns) + "ns";
}

std::string Value(const Condition& condition) {
  const Literal& literal = condition.literal;
  if (!literal.number) {
    const bool as_word = condition.field != Field::kAttribute || !ReadNumber(literal.text);
    return IsPlain(literal.text) && as_word ? literal.text : Quote(literal.text);
  }
  const auto* const integer = std::get_if<std::int64_t>(&*literal.number);
  if (integer == nullptr) return PrintReal(std::get<double>(*literal.number));
  switch (condition.field) {
    case Field::kDuration:
    case Field::kTraceDuration:
      return PrintDuration(*integer);
    default:
      return std::to_string(*integer);
  }
}

std::string Format(const Condition& condition) {
  const std::string key = Key(condition);
  if (condition.op == Op::kExists) return key + " " + std::string(syntax::kExists);
  for (const syntax::OpWord& op : syntax::kOpWords) {
    if (op.op == condition.op) return key + std::string(op.word) + Value(condition);
  }
  return key;  // an op of another version, which Validate refuses
}

}  // namespace

std::string FormatConditions(const std::vector<Condition>& conditions) {
  std::string text;
  for (const Condition& condition : conditions) {
    if (!text.empty()) text += ' ';
    text += Format(condition);
  }
  return text;
}

}  // namespace clew::store
