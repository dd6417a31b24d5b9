// Packing, filters and spans taken apart: what segments are made of.
#include <gtest/gtest.h>

#include <random>

#include "store/segment/packing.h"
#include "store/segment/span_parts.h"
#include "store/segment/term_filter.h"
#include "test_spans.h"

namespace clew::store {
namespace {

std::vector<std::uint64_t> ThereAndBack(const std::vector<std::uint64_t>& values) {
  std::string packed;
  PackInts(values, packed);
  VarintReader in(packed);
  const IntColumn column = UnpackInts(in, values.size());
  EXPECT_TRUE(in.done());
  std::vector<std::uint64_t> back;
  for (std::size_t i = 0; i < column.size(); ++i) back.push_back(column.At(i));
  return back;
}

TEST(Packing, IntegersOfEveryWidthComeBack) {
  for (int bits = 0; bits <= 64; ++bits) {
    const std::uint64_t top = bits == 0 ? 0 : ~0ull >> (64 - bits);
    const std::vector<std::uint64_t> values = {0, top, top / 2, 1 & top};
    EXPECT_EQ(ThereAndBack(values), values) << bits;
  }
  const std::vector<std::uint64_t> negative = {static_cast<std::uint64_t>(-5), 3, 1ull << 63,
                                               (1ull << 63) - 1};
  EXPECT_EQ(ThereAndBack(negative), negative);
}

TEST(Packing, ConstantsTakeNextToNothing) {
  std::string packed;
  PackInts(std::vector<std::uint64_t>(8192, 123456789), packed);
  EXPECT_LT(packed.size(), 12u);
  packed.clear();
  PackBytes(std::string(8192, 'x'), packed);
  EXPECT_LT(packed.size(), 6u);
}

TEST(Packing, BytesComeBackByEveryMethodAndEveryTruncationIsRefused) {
  std::string random(500, '\0');
  std::mt19937 generator(1);
  for (char& c : random) c = static_cast<char>(generator());
  for (const std::string& bytes : {std::string(), std::string("a"), std::string(100, 'x'), random,
                                   std::string(500, 'x') + "y"}) {
    std::string packed;
    PackBytes(bytes, packed);
    VarintReader in(packed);
    EXPECT_EQ(UnpackBytes(in), bytes);
    for (std::size_t n = 0; n < packed.size(); ++n) {
      VarintReader cut(std::string_view(packed).substr(0, n));
      EXPECT_THROW(UnpackBytes(cut), protozero::exception) << n;
    }
  }
}

TEST(Packing, AForgedSizeReservesNoMemory) {
  std::string packed;
  AppendVarint(packed, 1ull << 40);
  packed += '\x01';
  packed += 'x';
  VarintReader in(packed);
  EXPECT_THROW(UnpackBytes(in), protozero::exception);
}

TEST(TermFilter, FindsWhatWasPutInAndLittleElse) {
  TermFilterBuilder builder;
  for (int i = 0; i < 10'000; ++i) {
    builder.Add(TermHash(TermKind::kName, "in" + std::to_string(i)));
  }
  const std::string bytes = builder.Finish();
  const auto filter = TermFilter::Open(bytes);
  ASSERT_TRUE(filter);
  int false_positives = 0;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(filter->MayContain(TermHash(TermKind::kName, "in" + std::to_string(i))));
    if (filter->MayContain(TermHash(TermKind::kName, "out" + std::to_string(i)))) ++false_positives;
  }
  EXPECT_LT(false_positives, 250);
}

TEST(TermFilter, KeepsTheRangeOfEachKeyUpToABoundThatItTells) {
  TermFilterBuilder builder;
  builder.AddNumber(1, 5, 5);
  builder.AddNumber(1, -2, 3);
  const std::string bytes = builder.Finish();
  const auto filter = TermFilter::Open(bytes);
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->Range(1)->low, -2);
  EXPECT_EQ(filter->Range(1)->high, 5);
  EXPECT_FALSE(filter->Range(2));
  EXPECT_FALSE(filter->ranges_cut());
  for (std::uint64_t key = 0; key < 100; ++key) builder.AddNumber(key, 1, 1);
  const std::string many = builder.Finish();
  EXPECT_TRUE(TermFilter::Open(many)->ranges_cut());
}

TEST(TermFilter, AnotherVersionAndOddSizesAreRefused) {
  TermFilterBuilder builder;
  std::string bytes = builder.Finish();
  EXPECT_FALSE(TermFilter::Open(""));
  EXPECT_FALSE(TermFilter::Open(bytes.substr(0, bytes.size() - 1)));
  bytes[0] = kFilterVersion + 1;
  EXPECT_EQ(TermFilter::Open(bytes).error().code, Code::kUnsupported);
}

TEST(SpanParts, ASpanOfTheGeneratedEncoderIsPutTogetherEqual) {
  const SpanRecord span = MakeSpan({.parent = 7,
                                    .error = true,
                                    .attributes = {{"i", std::int64_t{-3}},
                                                   {"zero", std::int64_t{0}},
                                                   {"b", false},
                                                   {"d", 0.5},
                                                   {"", std::string()},
                                                   {"i", std::int64_t{4}}},
                                    .trace_state = "a=b"});
  SpanParts parts;
  ReadSpanParts(span.span, parts);
  std::string again;
  AppendSpan(parts, again);
  EXPECT_EQ(again, span.span);
}

}  // namespace
}  // namespace clew::store
