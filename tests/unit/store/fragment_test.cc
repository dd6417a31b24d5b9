#include "store/fragment.h"

#include <gtest/gtest.h>

#include "store/fingerprint.h"
#include "test_spans.h"

namespace clew::store {
namespace {

std::vector<const SpanRecord*> Pointers(const std::vector<SpanRecord>& spans) {
  std::vector<const SpanRecord*> pointers;
  for (const SpanRecord& span : spans) pointers.push_back(&span);
  return pointers;
}

std::vector<SpanRecord> SomeSpans() {
  std::vector<SpanRecord> spans = {
      MakeSpan({.id = 1, .payload = "a"}),
      MakeSpan({.id = 2, .parent = 1, .service = "db", .name = "SELECT", .error = true}),
      MakeSpan({.id = 3, .parent = 1}),
  };
  spans[2].resource = spans[0].resource;
  spans[2].scope = spans[0].scope;
  return spans;
}

TEST(Fragment, SpansComeBackWithEveryIndexedField) {
  const auto spans = SomeSpans();
  const auto decoded = DecodeFragment(EncodeFragment(Pointers(spans)));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(Sorted(*decoded), Sorted(spans));
}

// Where each is compared with all before it this takes minutes, while nobody else can write.
TEST(Fragment, SpansThatEachBringAResourceOfTheirOwnComeBack) {
  const SpanRecord one = MakeSpan({});
  std::vector<SpanRecord> spans(500'000, one);
  for (SpanRecord& span : spans) span.resource = std::make_shared<const std::string>();
  const auto decoded = DecodeFragment(EncodeFragment(Pointers(spans)));
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_EQ(decoded->size(), spans.size());
  EXPECT_NE(decoded->front().resource, decoded->back().resource);
}

TEST(Fragment, SharedResourcesAreWrittenOnceAndComeBackShared) {
  const auto spans = SomeSpans();
  const std::string fragment = EncodeFragment(Pointers(spans));
  EXPECT_EQ(fragment.find("shop"), fragment.rfind("shop"));
  const auto decoded = DecodeFragment(fragment);
  ASSERT_TRUE(decoded);
  EXPECT_EQ((*decoded)[0].resource, (*decoded)[2].resource);
}

TEST(Fragment, EveryTruncationIsCorrupt) {
  const std::string fragment = EncodeFragment(Pointers(SomeSpans()));
  for (std::size_t n = 0; n < fragment.size(); ++n) {
    const auto decoded = DecodeFragment(fragment.substr(0, n));
    ASSERT_FALSE(decoded) << n;
    EXPECT_EQ(decoded.error().code, Code::kCorrupt);
  }
  EXPECT_FALSE(DecodeFragment(fragment + "x"));
}

TEST(Fragment, AnUnknownVersionIsCorrupt) {
  std::string fragment = EncodeFragment(Pointers(SomeSpans()));
  fragment[0] = kFragmentVersion + 1;
  EXPECT_FALSE(DecodeFragment(fragment));
}

TEST(Fragment, AForgedCountReservesNoMemory) {
  const std::string forged("\x02\xff\xff\xff\xff\x0f", 6);
  EXPECT_FALSE(DecodeFragment(forged));
}

TEST(Fingerprint, DiffersByEveryPartAndOnlyByContent) {
  Fingerprinter fingerprinter;
  const SpanRecord span = MakeSpan({});
  SpanRecord copy = MakeSpan({});
  EXPECT_EQ(fingerprinter.Of(span), fingerprinter.Of(copy));
  copy.span += "x";
  EXPECT_NE(fingerprinter.Of(span), fingerprinter.Of(copy));
  copy = span;
  copy.resource = std::make_shared<const std::string>("other");
  EXPECT_NE(fingerprinter.Of(span), fingerprinter.Of(copy));
  copy = span;
  copy.scope = std::make_shared<const std::string>("other");
  EXPECT_NE(fingerprinter.Of(span), fingerprinter.Of(copy));
}

}  // namespace
}  // namespace clew::store
