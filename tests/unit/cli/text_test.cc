#include "cli/render/text.h"

#include <gtest/gtest.h>

namespace clew::cli {
namespace {

TEST(Sanitize, EscapeSequencesBecomeVisibleAndHarmless) {
  EXPECT_EQ(Sanitize("\x1b[2J\x1b]0;owned\x07"), "\\x1b[2J\\x1b]0;owned\\x07");
  EXPECT_EQ(Sanitize("a\nb\tc\rd\x7f"), "a\\nb\\tc\\rd\\x7f");
}

TEST(Sanitize, TheEightBitControlsThatSomeTerminalsObeyAreEscapedToo) {
  EXPECT_EQ(Sanitize("\xc2\x9b"
                     "31m"),
            "\\x9b31m");  // U+009B: CSI
}

TEST(Sanitize, CharactersThatReorderOrHideTextAreEscaped) {
  EXPECT_EQ(Sanitize("\u202etxt.exe"), "\\u{202e}txt.exe");
  EXPECT_EQ(Sanitize("a\u200bb\ufeff"), "a\\u{200b}b\\u{feff}");
  EXPECT_EQ(Sanitize("line\u2028break"), "line\\u{2028}break");
}

TEST(Sanitize, NoPairOfBytesYieldsAControlCharacter) {
  for (int both = 0; both < 0x10000; ++both) {
    const std::string safe =
        Sanitize(std::string{static_cast<char>(both >> 8), static_cast<char>(both)});
    for (std::string_view rest = safe; !rest.empty();) {
      const CodePoint c = DecodeUtf8(rest);
      ASSERT_FALSE(c.value < 0x20 || (c.value >= 0x7f && c.value < 0xa0)) << both;
      rest.remove_prefix(c.length);
    }
  }
}

TEST(Sanitize, InvalidUtf8IsReplacedByteByByte) {
  constexpr char kReplaced[] = "\xef\xbf\xbd";
  EXPECT_EQ(Sanitize("\xff"), kReplaced);
  EXPECT_EQ(Sanitize("\xc0\xaf"), std::string(kReplaced) + kReplaced);                  // overlong
  EXPECT_EQ(Sanitize("\xed\xa0\x80"), std::string(kReplaced) + kReplaced + kReplaced);  // surrogate
  EXPECT_EQ(Sanitize("\xf4\x90\x80\x80").size(), 12u);                         // above U+10FFFF
  EXPECT_EQ(Sanitize("a\xe2\x82"), std::string("a") + kReplaced + kReplaced);  // cut
}

TEST(Sanitize, CombiningMarksDoNotPileUp) {
  std::string zalgo = "a";
  for (int i = 0; i < 50; ++i) zalgo += "\u0301";
  EXPECT_EQ(Sanitize(zalgo), "a\u0301\u0301\u0301");
  EXPECT_EQ(Sanitize("\u0301x"), "x") << "a mark at the start would join the column before";
}

TEST(Sanitize, AsciiModeLeavesOnlyAscii) {
  EXPECT_EQ(Sanitize("GET /caf\u00e9/\u65e5", true), "GET /caf?/?");
}

TEST(Sanitize, LongTextIsCutAndSaysSo) { EXPECT_EQ(Sanitize("abcdef", false, 3), "abc..."); }

TEST(Columns, WideAndCombiningCharactersAreMeasuredAsTheTerminalDrawsThem) {
  EXPECT_EQ(Columns(std::string_view("abc")), 3);
  EXPECT_EQ(Columns(std::string_view("\u65e5\u672c")), 4);
  EXPECT_EQ(Columns(std::string_view("e\u0301")), 1);
  EXPECT_EQ(Columns(std::string_view("\U0001f600")), 2);
}

TEST(Truncate, NeverExceedsTheColumnsEvenInTheMiddleOfAWideCharacter) {
  const std::string text = "a\u65e5\u672cb\u65e5";
  for (int columns = 0; columns <= 10; ++columns) {
    EXPECT_LE(Columns(Truncate(text, columns, "\u2026")), columns);
    EXPECT_EQ(Columns(FitLeft(text, columns, "\u2026")), columns);
    EXPECT_EQ(Columns(FitRight(text, columns, "\u2026")), columns);
  }
  EXPECT_EQ(Truncate("abc", 3, "~"), "abc");
  EXPECT_EQ(Truncate("abcd", 3, "~"), "ab~");
}

}  // namespace
}  // namespace clew::cli
