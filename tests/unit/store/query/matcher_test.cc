#include "store/query/matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_spans.h"

namespace clew::store {
namespace {

using testing::HasSubstr;

bool Matches(std::string_view expression, const SpanRecord& span) {
  const auto matcher = Matcher::Make(Ask(expression));
  EXPECT_TRUE(matcher) << matcher.error().message;
  return matcher && matcher->MatchesSpan(span);
}

TEST(Matcher, ComparesEveryFieldOfASpan) {
  const SpanRecord span = MakeSpan(
      {.service = "shop", .name = "GET /orders", .duration_ms = 250, .error = true, .kind = 3});
  for (const char* yes :
       {"", "service=shop", "service!=db", "service~^s", "service>=s", "name~\"/orders$\"",
        "kind=client", "kind!=server", "status=error", "error=true", "duration=250ms",
        "duration>=250ms", "duration<1s", "service=shop kind=client error=true"}) {
    EXPECT_TRUE(Matches(yes, span)) << yes;
  }
  for (const char* no :
       {"service=sho", "service~^h", "name=\"GET /\"", "kind=server", "error=false",
        "status!=error", "duration>250ms", "service=shop error=false"}) {
    EXPECT_FALSE(Matches(no, span)) << no;
  }
}

TEST(Matcher, ComparesNumbersByValueAndTextsByText) {
  const SpanRecord span = MakeSpan({.attributes = {{"int", std::int64_t{500}},
                                                   {"real", 0.5},
                                                   {"text", "500"},
                                                   {"flag", true},
                                                   {"word", "abc"}}});
  for (const char* yes :
       {"int=500", "int=500.0", "int>499.9", "int=\"500\"", "int~^5..$", "text=500", "text>=499",
        "text=\"500\"", "real<0.51", "real=0.5", "real=\"0.5\"", "flag=true", "flag!=false",
        "word!=500", "word>abb", "word<b", "int!=501", "word exists", "flag exists"}) {
    EXPECT_TRUE(Matches(yes, span)) << yes;
  }
  for (const char* no : {"int=\"500.0\"", "text=\"500.0\"", "word>5", "word<5", "flag=1", "flag>0",
                         "int!=500", "missing!=1", "missing exists", "missing=\"\"", "word~B"}) {
    EXPECT_FALSE(Matches(no, span)) << no;
  }
}

TEST(Matcher, LooksInSpanAndResourceAsAsked) {
  const SpanRecord span = MakeSpan(
      {.attributes = {{"zone", "a"}, {"zone", "b"}}, .resource = {{"zone", "c"}, {"host", "h"}}});
  for (const char* yes : {"zone=a", "zone=b", "zone=c", "span.zone=b", "resource.zone=c", "host=h",
                          "zone=a zone=c", "zone!=a", "resource.service.name=shop"}) {
    EXPECT_TRUE(Matches(yes, span)) << yes;
  }
  for (const char* no :
       {"span.zone=c", "resource.zone=a", "span.host exists", "resource.zone!=c"}) {
    EXPECT_FALSE(Matches(no, span)) << no;
  }
}

TEST(Matcher, DamagedAttributesMatchUpToTheDamage) {
  SpanRecord span = MakeSpan({.attributes = {{"first", "x"}}});
  span.span += "\x4a\x7f";  // an attribute longer than what is left
  EXPECT_TRUE(Matches("first=x", span));
  EXPECT_FALSE(Matches("second exists", span));
}

TEST(Matcher, CompoundValuesExistAndEqualNothing) {
  SpanRecord span = MakeSpan({});
  const std::string array("\x4a\x07\x0a\x01\x61\x12\x02\x2a\x00", 9);  // a: empty array
  span.span += array;
  EXPECT_TRUE(Matches("a exists", span));
  EXPECT_TRUE(Matches("a!=1", span));
  EXPECT_FALSE(Matches("a=\"\"", span));
  EXPECT_FALSE(Matches("a~\"\"", span));
}

TEST(Matcher, ComparesTheTraceAsAWhole) {
  TraceSummary summary;
  summary.root_service = "web";
  summary.root_name = "GET /";
  summary.start = UnixNanosFrom(1000);
  summary.end = UnixNanosFrom(1000 + 5'000'000);
  summary.span_count = 7;
  summary.error_count = 2;
  const auto matches = [&](const char* expression, std::uint64_t from, std::uint64_t to) {
    Query query = Ask(expression);
    query.start_min = UnixNanosFrom(from);
    query.start_max = UnixNanosFrom(to);
    return Matcher::Make(query)->MatchesTrace(summary);
  };
  for (const char* yes : {"", "trace.duration=5ms", "trace.errors>1", "trace.error=true",
                          "trace.spans<=7", "trace.root.service=web", "trace.root.name~GET"}) {
    EXPECT_TRUE(matches(yes, 1000, 1000)) << yes;
  }
  EXPECT_FALSE(matches("trace.error=false", 1000, 1000));
  EXPECT_FALSE(matches("trace.spans<7", 1000, 1000));
  EXPECT_FALSE(matches("", 1001, 2000));
  EXPECT_FALSE(matches("", 0, 999));
}

TEST(Matcher, RefusesWhatCannotBeAnswered) {
  const auto refusal = [](std::vector<Condition> conditions) {
    Query query;
    query.conditions = std::move(conditions);
    const auto matcher = Matcher::Make(query);
    return matcher ? std::string("accepted") : matcher.error().message;
  };
  EXPECT_THAT(refusal({{.key = "a", .op = Op::kRegex, .literal = {"(", {}}}}),
              HasSubstr("missing )"));
  EXPECT_THAT(refusal({{.key = "a", .op = Op::kRegex, .literal = {"(((x{100}){100}){100})", {}}}}),
              HasSubstr("regular expression"));
  EXPECT_THAT(refusal({{.field = Field::kDuration, .literal = {"text", {}}}}), HasSubstr("number"));
  EXPECT_THAT(refusal({{.key = ""}}), HasSubstr("without a key"));
  EXPECT_THAT(refusal(std::vector<Condition>(kMaxConditions + 1, {.key = "a"})),
              HasSubstr("conditions"));
  EXPECT_EQ(refusal(std::vector<Condition>(kMaxConditions, {.key = "a"})), "accepted");
}

Predicate Make(const char* expression) {
  return *Predicate::Make(Ask(expression).conditions.front());
}

TEST(Predicate, SaysWhichRangesItCannotBeIn) {
  const auto may = [](const char* expression, std::int64_t low, std::int64_t high) {
    return Make(expression).MayHoldBetween(low, high);
  };
  EXPECT_TRUE(may("a=5", 5, 5));
  EXPECT_FALSE(may("a=5", 6, 9));
  EXPECT_FALSE(may("a<5", 5, 9));
  EXPECT_TRUE(may("a<=5", 5, 9));
  EXPECT_FALSE(may("a>9", 5, 9));
  EXPECT_TRUE(may("a>=9", 5, 9));
  for (const char* any : {"a!=5", "a~x", "a=x", "a exists"}) EXPECT_TRUE(may(any, 5, 5)) << any;
}

TEST(Predicate, HasATermForEqualitiesOnly) {
  EXPECT_EQ(Make("a=500.0").Term(), "500");
  EXPECT_EQ(Make("a=\"500.0\"").Term(), "500");
  EXPECT_EQ(Make("a=x").Term(), "x");
  EXPECT_EQ(Make("a!=x").Term(), std::nullopt);
  EXPECT_EQ(Make("a~x").Term(), std::nullopt);
}

}  // namespace
}  // namespace clew::store
