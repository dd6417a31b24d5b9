// Hostile conditions (also regular expressions) on a hostile span: what holds is also what the
// filters of a store would have let through.
//
// Input: size of the expression u8 | expression | serialized Span
#include <protozero/exception.hpp>
#include <string_view>

#include "store/query/attributes.h"
#include "store/query/matcher.h"
#include "store/query/parse.h"

namespace clew::store {
namespace {

// An equality holds only for values with the term of its literal.
void CheckTerms(const Predicate& predicate, std::string_view span) {
  const auto term = predicate.Term();
  if (!term) return;
  const auto check = [&](std::string_view, const ValueView& value) {
    std::string buffer;
    if (predicate.Holds(value)) CLEW_CHECK(TermOf(value, buffer) == term);
    const auto number = NumberOf(value);
    if (predicate.Holds(value) && number) CLEW_CHECK(predicate.MayHoldBetween(*number, *number));
    return true;
  };
  try {
    ReadSpanAttributes(span, check);
  } catch (const protozero::exception&) {  // the damage ends the reading
  }
}

}  // namespace
}  // namespace clew::store

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clew::store;
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view expression = rest.substr(0, data[0]);
  rest.remove_prefix(expression.size());
  auto conditions = ParseConditions(expression);
  if (!conditions) return 0;
  Query query;
  query.conditions = *std::move(conditions);
  const auto matcher = Matcher::Make(query);
  if (!matcher) return 0;
  static const auto kResource = std::make_shared<const std::string>();
  SpanRecord span;
  span.service = "shop";
  span.resource = kResource;
  span.span = rest;
  const bool matches = matcher->MatchesSpan(span);
  if (matcher->any_span()) CLEW_CHECK(matches);
  for (const Predicate& predicate : matcher->span_predicates()) CheckTerms(predicate, rest);
  return 0;
}
