#include "agent/protocols/http1/body.h"

#include <gtest/gtest.h>

#include <string>

namespace clew::protocols::http1 {
namespace {

BodyReader Begin(Framing framing, std::uint64_t length = 0) {
  BodyReader body;
  body.Begin(framing, length);
  return body;
}

TEST(BodyReader, ALengthEndsExactly) {
  BodyReader body = Begin(Framing::kLength, 5);
  EXPECT_EQ(body.Feed("abc"), 3u);
  EXPECT_FALSE(body.done());
  EXPECT_EQ(body.Feed("deNEXT"), 2u);
  EXPECT_TRUE(body.done());
  EXPECT_EQ(body.size(), 5u);
}

TEST(BodyReader, AHugeLengthIsOnlyANumber) {
  BodyReader body = Begin(Framing::kLength, 999999999999999999);
  EXPECT_EQ(body.Skip(999999999999999998), 999999999999999998u);
  EXPECT_EQ(body.Skip(100), 1u);
  EXPECT_TRUE(body.done());
}

TEST(BodyReader, ChunksEndAtEverySplitPoint) {
  const std::string bytes = "5;a=\"b\"\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n";
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    BodyReader body = Begin(Framing::kChunked);
    ASSERT_EQ(body.Feed(bytes.substr(0, n)), n);
    ASSERT_FALSE(body.done()) << n;
    ASSERT_EQ(body.Feed(bytes.substr(n) + "NEXT"), bytes.size() - n);
    ASSERT_TRUE(body.done()) << n;
    ASSERT_EQ(body.size(), 15u);
  }
}

TEST(BodyReader, AHoleWithinOneChunksDataKeepsTheFraming) {
  BodyReader body = Begin(Framing::kChunked);
  body.Feed("3e8\r\n0123456789");
  EXPECT_EQ(body.Skip(992), 992u);  // the data's rest and its line end
  EXPECT_FALSE(body.opaque());
  EXPECT_EQ(body.Feed("0\r\n\r\n"), 5u);
  EXPECT_TRUE(body.done());
  EXPECT_EQ(body.size(), 1000u);
}

TEST(BodyReader, AHoleOverAChunksSizeLosesTheFraming) {
  BodyReader body = Begin(Framing::kChunked);
  body.Feed("a\r\n0123456789");
  body.Skip(3);
  EXPECT_TRUE(body.opaque());
  EXPECT_EQ(body.size(), std::nullopt);
}

TEST(BodyReader, AnOpaqueBodyKnowsTheEndOfAChunkedOne) {
  BodyReader body = Begin(Framing::kUnknown);
  body.Feed("data\r\n0\r\n\r");
  EXPECT_FALSE(body.EndsLikeChunked());
  body.Feed("\n");
  EXPECT_TRUE(body.EndsLikeChunked());
  body.Feed("x");
  EXPECT_FALSE(body.EndsLikeChunked());
  body.Feed("100\r\n\r\n");
  EXPECT_FALSE(body.EndsLikeChunked());
  body.Skip(100);
  EXPECT_FALSE(body.EndsLikeChunked());
  body.Feed("0\r\n\r\n");
  EXPECT_TRUE(body.EndsLikeChunked());
}

TEST(BodyReader, InvalidChunkedFramingIsOpaque) {
  for (const std::string_view bad : {"\r\n", "x", ";a", "-1\r\n", "FFFFFFFFFFFFFFFF\r\n",
                                     "5\r\nhelloX", "5\rX", "5\r\nhello\rX"}) {
    BodyReader body = Begin(Framing::kChunked);
    EXPECT_EQ(body.Feed(bad), bad.size());
    EXPECT_TRUE(body.opaque()) << bad;
  }
}

TEST(BodyReader, EndlessExtensionsAndTrailersAreOpaque) {
  BodyReader body = Begin(Framing::kChunked);
  body.Feed("5;" + std::string(5000, 'x'));
  EXPECT_TRUE(body.opaque());
  body = Begin(Framing::kChunked);
  body.Feed("0\r\n");
  for (int i = 0; i < 10000; ++i) body.Feed("Trailer: 1\r\n");
  body.Feed("long");
  EXPECT_TRUE(body.opaque());
}

TEST(BodyReader, UntilCloseTakesEverything) {
  BodyReader body = Begin(Framing::kUntilClose);
  EXPECT_EQ(body.Feed("0\r\n\r\n"), 5u);
  EXPECT_EQ(body.Skip(1000), 1000u);
  EXPECT_FALSE(body.done());
  EXPECT_EQ(body.size(), 1005u);
}

TEST(BodyReader, NoBodyIsDoneAtOnce) {
  EXPECT_TRUE(Begin(Framing::kNone).done());
  EXPECT_TRUE(Begin(Framing::kLength, 0).done());
  EXPECT_EQ(Begin(Framing::kNone).size(), 0u);
}

}  // namespace
}  // namespace clew::protocols::http1
