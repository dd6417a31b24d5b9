#include "store/query/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_queries.h"
#include "store/query/format.h"

namespace clew::store {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Condition One(std::string_view text) {
  const auto conditions = ParseConditions(text);
  EXPECT_TRUE(conditions) << conditions.error().message;
  if (!conditions || conditions->size() != 1) return {};
  return conditions->front();
}

std::string Canonical(std::string_view text) {
  const auto conditions = ParseConditions(text);
  return conditions ? FormatConditions(*conditions) : conditions.error().message;
}

std::string Refusal(std::string_view text) {
  const auto conditions = ParseConditions(text);
  return conditions ? "accepted" : conditions.error().message;
}

TEST(ParseConditions, ReadsTheExampleOfTheDesign) {
  const auto conditions = ParseConditions(
      R"(service=checkout http.status_code>=500 duration>200ms name~"GET .*" error=true)");
  ASSERT_TRUE(conditions) << conditions.error().message;
  ASSERT_EQ(conditions->size(), 5u);
  EXPECT_EQ((*conditions)[0], (Condition{.field = Field::kService, .literal = {"checkout", {}}}));
  EXPECT_EQ((*conditions)[1], (Condition{.key = "http.status_code",
                                         .op = Op::kGreaterEqual,
                                         .literal = {"", std::int64_t{500}}}));
  EXPECT_EQ((*conditions)[2], (Condition{.field = Field::kDuration,
                                         .op = Op::kGreater,
                                         .literal = {"", std::int64_t{200'000'000}}}));
  EXPECT_EQ((*conditions)[3],
            (Condition{.field = Field::kName, .op = Op::kRegex, .literal = {"GET .*", {}}}));
  EXPECT_EQ((*conditions)[4],
            (Condition{.field = Field::kStatus, .literal = {"", std::int64_t{2}}}));
}

TEST(ParseConditions, KnowsEveryField) {
  EXPECT_EQ(Canonical("operation=x"), "name=x");
  EXPECT_EQ(Canonical("kind=server"), "kind=2");
  EXPECT_EQ(Canonical("status!=unset"), "status!=0");
  EXPECT_EQ(Canonical("error=false"), "status!=2");
  EXPECT_EQ(Canonical("error!=true"), "status!=2");
  EXPECT_EQ(Canonical("trace.duration<=1m30s"), "trace.duration<=90s");
  EXPECT_EQ(Canonical("trace.error=true"), "trace.errors>0");
  EXPECT_EQ(Canonical("trace.error=false"), "trace.errors=0");
  EXPECT_EQ(Canonical("trace.spans>100"), "trace.spans>100");
  EXPECT_EQ(Canonical("trace.root.service=web trace.root.name~^GET"),
            "trace.root.service=web trace.root.name~\"^GET\"");
}

TEST(ParseConditions, APrefixOrAQuoteMakesAnAttributeOfAnyWord) {
  EXPECT_EQ(One("span.service=x"),
            (Condition{.scope = AttributeScope::kSpan, .key = "service", .literal = {"x", {}}}));
  EXPECT_EQ(One("resource.host.name=x").scope, AttributeScope::kResource);
  EXPECT_EQ(One(R"("service"=x)").field, Field::kAttribute);
  EXPECT_EQ(One(R"(span."a b"=x)").key, "a b");
  EXPECT_EQ(One(R"("span.x"=y)").scope, AttributeScope::kEither);
}

TEST(ParseConditions, UnquotedNumbersOfAttributesAreNumbers) {
  EXPECT_EQ(One("code=500").literal.number, Number(std::int64_t{500}));
  EXPECT_EQ(One("code=-0.5").literal.number, Number(-0.5));
  EXPECT_EQ(One(R"(code="500")").literal, (Literal{"500", {}}));
  EXPECT_EQ(One("code=007").literal, (Literal{"007", {}}));
  EXPECT_EQ(One("code~500").literal, (Literal{"500", {}}));
  EXPECT_EQ(One("service=500").literal, (Literal{"500", {}}));
}

TEST(ParseConditions, QuotesKeepWhatRegularExpressionsNeed) {
  EXPECT_EQ(One(R"(a~"\d+\.\\x")").literal.text, R"(\d+\.\x)");
  EXPECT_EQ(One(R"(a="say \"hi\"")").literal.text, R"(say "hi")");
  EXPECT_EQ(One(R"(a="")").literal.text, "");
}

TEST(ParseConditions, SpacesAroundOperatorsDoNotMatter) {
  EXPECT_EQ(Canonical("  a >= 5\tb  exists\n"), "a>=5 b exists");
  EXPECT_EQ(Canonical(""), "");
  EXPECT_EQ(One("a=exists").op, Op::kEqual);
  EXPECT_EQ(Canonical("exists exists"), "exists exists");
}

TEST(ParseConditions, ErrorsNameTheColumnAndWhatIsAccepted) {
  EXPECT_THAT(Refusal("service"), StartsWith("column 8: one of = != < <= > >= ~ exists"));
  EXPECT_THAT(Refusal("service="), StartsWith("column 9: a value"));
  EXPECT_THAT(Refusal("a=1 =2"), StartsWith("column 5: a name"));
  EXPECT_THAT(Refusal("a=1 b=\"x"), StartsWith("column 7: the quote"));
  EXPECT_THAT(Refusal("a=\"x\"b=1"), StartsWith("column 6: a space"));
  EXPECT_THAT(Refusal("a=1 duration>200"), StartsWith("column 14: '200' is no duration"));
  EXPECT_THAT(Refusal("kind=sever"),
              StartsWith("column 6: \"sever\" is none of unspecified, internal, server"));
  EXPECT_THAT(Refusal("kind>server"), StartsWith("column 5: kind is compared by"));
  EXPECT_THAT(Refusal("status=256"), HasSubstr("unset, ok, error"));
  EXPECT_THAT(Refusal("duration~x"), StartsWith("column 9: ~ is for texts"));
  EXPECT_THAT(Refusal("error=yes"), StartsWith("column 7: \"yes\" is neither true nor false"));
  EXPECT_THAT(Refusal("error>true"), StartsWith("column 6: error is compared"));
  EXPECT_THAT(Refusal("trace.foo=1"), HasSubstr("span.trace.foo"));
  EXPECT_THAT(Refusal("trace.spans>x"), HasSubstr("no number"));
  EXPECT_THAT(Refusal("name exists"), StartsWith("column 6: every span has a name"));
  EXPECT_THAT(Refusal("span.=1"), StartsWith("column 6: a name"));
  EXPECT_THAT(Refusal("\"\"=1"), StartsWith("column 1: an attribute has a name"));
}

TEST(ParseConditions, BoundsAreKept) {
  std::string many;
  for (std::size_t i = 0; i < kMaxConditions; ++i) many += "a=1 ";
  EXPECT_EQ(Refusal(many), "accepted");
  EXPECT_THAT(Refusal(many + "a=1"), HasSubstr("more than 32 conditions"));
  EXPECT_THAT(Refusal("a=" + std::string(kMaxLiteralBytes + 1, 'x')), HasSubstr("over 4096 bytes"));
  EXPECT_THAT(Refusal(std::string(kMaxExpressionBytes + 1, ' ')), HasSubstr("goes on behind"));
}

TEST(FormatConditions, WritesWhatIsReadBackEqual) {
  RandomQuestions random(1);
  for (int i = 0; i < 2000; ++i) {
    const Query query = random.Query();
    const std::string text = FormatConditions(query.conditions);
    const auto again = ParseConditions(text);
    ASSERT_TRUE(again) << text << ": " << again.error().message;
    EXPECT_EQ(*again, query.conditions) << text;
  }
}

TEST(FormatConditions, QuotesWhatWouldMeanSomethingElse) {
  const auto attribute = [](std::string key, std::string text) {
    return FormatConditions({{.key = std::move(key), .literal = {std::move(text), {}}}});
  };
  EXPECT_EQ(attribute("name", "500"), R"("name"="500")");
  EXPECT_EQ(attribute("trace.x", "a b"), R"("trace.x"="a b")");
  EXPECT_EQ(attribute("error", "\\\""), R"("error"="\\\"")");
  EXPECT_EQ(attribute("span.x", ""), R"("span.x"="")");
  EXPECT_EQ(FormatConditions({{.key = "a", .literal = {"", 1e30}}}),
            "a=1000000000000000019884624838656.0");
}

}  // namespace
}  // namespace clew::store
