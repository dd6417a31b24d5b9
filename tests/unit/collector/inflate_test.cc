#include "collector/receiver/inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace clew::receiver {
namespace {

// `text` packed as gzip (window bits 31) or zlib (15).
std::string Deflate(const std::string& text, int window_bits) {
  z_stream stream{};
  CLEW_CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8,
                          Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CLEW_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Inflate, GzipAndZlibComeBackAndAreRecognised) {
  const std::string text = std::string(1'000'000, 'x') + "end";
  for (const int window_bits : {31, 15}) {
    const std::string packed = Deflate(text, window_bits);
    EXPECT_TRUE(LooksCompressed(packed));
    const auto inflated = Inflate(packed, text.size());
    ASSERT_TRUE(inflated) << inflated.error().message;
    EXPECT_EQ(*inflated, text);
  }
  EXPECT_FALSE(LooksCompressed("\x0a\x05"));
  EXPECT_FALSE(LooksCompressed("\x1f"));
  EXPECT_FALSE(LooksCompressed(""));
}

TEST(Inflate, StopsOneByteOverTheLimit) {
  const std::string packed = Deflate(std::string(10'000'000, 'x'), 31);
  const auto inflated = Inflate(packed, 9'999'999);
  ASSERT_FALSE(inflated);
  EXPECT_EQ(inflated.error().code, Code::kExhausted);
}

TEST(Inflate, EveryTruncationAndTrailingByteIsInvalid) {
  const std::string packed = Deflate("some text that is not long", 31);
  for (std::size_t n = 0; n < packed.size(); ++n) {
    const auto inflated = Inflate(packed.substr(0, n), 1000);
    ASSERT_FALSE(inflated) << n;
    EXPECT_EQ(inflated.error().code, Code::kInvalid);
  }
  EXPECT_FALSE(Inflate(packed + "x", 1000));
}

}  // namespace
}  // namespace clew::receiver
