#include "store/query/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace clew::store {
namespace {

std::string Text(const ValueView& value) {
  std::string buffer;
  return std::string(TextOf(value, buffer).value_or("(none)"));
}

std::string Term(const ValueView& value) {
  std::string buffer;
  return std::string(TermOf(value, buffer).value_or("(none)"));
}

TEST(ReadNumber, TakesPlainDecimalsOnly) {
  EXPECT_EQ(ReadNumber("0"), Number(std::int64_t{0}));
  EXPECT_EQ(ReadNumber("-17"), Number(std::int64_t{-17}));
  EXPECT_EQ(ReadNumber("9223372036854775807"), Number(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(ReadNumber("0.5"), Number(0.5));
  EXPECT_EQ(ReadNumber("-500.0"), Number(-500.0));
  for (const char* text :
       {"", "-", "+1", "007", "00", ".5", "5.", "1e5", "0x1f", "1 ", " 1", "1.2.3",
        "9223372036854775808", "inf", "nan", "--1", "1,000", "0.1234567890123456789012345678901"}) {
    EXPECT_FALSE(ReadNumber(text)) << text;
  }
}

TEST(CompareNumbers, IsExactWhereDoublesRound) {
  const std::int64_t odd = (std::int64_t{1} << 53) + 1;
  EXPECT_TRUE(CompareNumbers(odd, 9007199254740992.0) > 0);
  EXPECT_TRUE(CompareNumbers(9007199254740992.0, odd) < 0);
  EXPECT_TRUE(CompareNumbers(std::int64_t{500}, 500.0) == 0);
  EXPECT_TRUE(CompareNumbers(std::int64_t{1}, 1.5) < 0);
  EXPECT_TRUE(CompareNumbers(std::int64_t{-1}, -1.5) > 0);
  EXPECT_TRUE(CompareNumbers(std::numeric_limits<std::int64_t>::max(), 0x1p63) < 0);
  EXPECT_TRUE(CompareNumbers(std::numeric_limits<std::int64_t>::min(), -0x1p63) == 0);
  EXPECT_TRUE(CompareNumbers(std::numeric_limits<std::int64_t>::min(), -1e300) > 0);
  const double nan = std::nan("");
  EXPECT_EQ(CompareNumbers(std::int64_t{1}, nan), std::partial_ordering::unordered);
  EXPECT_EQ(CompareNumbers(nan, nan), std::partial_ordering::unordered);
}

TEST(TextOf, IsWhatAPersonWouldType) {
  EXPECT_EQ(Text(ValueView::String("x y")), "x y");
  EXPECT_EQ(Text(ValueView::Bool(true)), "true");
  EXPECT_EQ(Text(ValueView::Int(-5)), "-5");
  EXPECT_EQ(Text(ValueView::Double(500)), "500");
  EXPECT_EQ(Text(ValueView::Double(0.1)), "0.1");
  EXPECT_EQ(Text(ValueView::Double(1e18)), "1000000000000000000");
  EXPECT_EQ(Text(ValueView::Double(std::numeric_limits<double>::denorm_min())), "5e-324");
  EXPECT_EQ(Text(ValueView{}), "(none)");
}

TEST(TermOf, IsTheSameForWhatIsEqual) {
  for (const char* text : {"500", "500.0", "500.00"}) {
    EXPECT_EQ(Term(ValueView::String(text)), "500");
  }
  EXPECT_EQ(Term(ValueView::Int(500)), "500");
  EXPECT_EQ(Term(ValueView::Double(500)), "500");
  EXPECT_EQ(Term(ValueView::String("0.10")), Term(ValueView::Double(0.1)));
  EXPECT_EQ(Term(ValueView::String("-0")), Term(ValueView::Double(-0.0)));
  EXPECT_EQ(Term(ValueView::String("true")), Term(ValueView::Bool(true)));
  EXPECT_EQ(Term(ValueView::String("u1")), "u1");
  EXPECT_NE(Term(ValueView::String("007")), Term(ValueView::Int(7)));
}

}  // namespace
}  // namespace clew::store
