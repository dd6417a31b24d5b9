#include "collector/receiver/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace clew::receiver {
namespace {

TEST(Utf8, TakesEveryLengthAndEdgeOfTheStandard) {
  for (const char* text :
       {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(Utf8, RefusesOverlongSurrogatesAndTooLargeOnes) {
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
}

TEST(Utf8, FindsADefectAtEveryPlaceOfALongText) {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'a');
    EXPECT_TRUE(IsUtf8(text));
    text[at] = '\xc3';  // wants a second byte that is none
    EXPECT_FALSE(IsUtf8(text)) << at;
    text.resize(at + 1);  // or has none at all
    EXPECT_FALSE(IsUtf8(text)) << at;
  }
}

}  // namespace
}  // namespace clew::receiver
