#include "store/admin/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/admin/checksum.h"

namespace clew::store {
namespace {

using testing::HasSubstr;

BackupManifest Sample() {
  return {.created = UnixNanosFrom(1'700'000'000'000'000'000),
          .format = 2,
          .spans = 42,
          .files = {{"000012.sst", 4096, ChecksumOf("a")}, {"CURRENT", 16, ChecksumOf("b")}}};
}

// The text with its last line made right again.
std::string Signed(std::string text) {
  text.resize(text.rfind("end "));
  return text + "end " + ChecksumOf(text) + "\n";
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  CLEW_CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string Refusal(const std::string& text) {
  const auto parsed = ParseManifest(text);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(Manifest, IsTheTextOfTheSpecification) {
  EXPECT_EQ(FormatManifest({.created = UnixNanosFrom(7),
                            .format = 2,
                            .spans = 3,
                            .files = {{"CURRENT", 0, ChecksumOf("")}}}),
            "clew-backup 1\n"
            "created 7\n"
            "format 2\n"
            "spans 3\n"
            "file 0 99aa06d3014798d86001c324468d497f CURRENT\n"
            "end 105054d60690fe0c175e41b2bfedd93a\n");
}

TEST(Manifest, ComesBackAsItWas) {
  const auto parsed = ParseManifest(FormatManifest(Sample()));
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, Sample());
}

TEST(Manifest, EveryCutAndEveryFlippedBitIsRefused) {
  const std::string text = FormatManifest(Sample());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(ParseManifest(text.substr(0, size))) << size;
  }
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(ParseManifest(flipped)) << bit;
  }
}

TEST(Manifest, SaysWhatIsWrongAndWhere) {
  const std::string text = FormatManifest(Sample());
  EXPECT_THAT(Refusal(""), HasSubstr("line 1: not the beginning"));
  EXPECT_THAT(Refusal(Signed(Replaced(text, "created 1", "created -1"))), HasSubstr("line 2"));
  EXPECT_THAT(Refusal(Signed(Replaced(text, "format 2", "format 02"))), HasSubstr("line 3"));
  EXPECT_THAT(Refusal(Signed(Replaced(text, "spans 42", "spans 99999999999999999999"))),
              HasSubstr("line 4"));
  EXPECT_THAT(Refusal(Replaced(text, "spans 42", "spans 43")), HasSubstr("checksum"));
  EXPECT_THAT(Refusal(text + "x"), HasSubstr("follows the end"));
  EXPECT_THAT(Refusal(Signed(Replaced(text, "CURRENT", "000001.sst"))), HasSubstr("do not rise"));
}

TEST(Manifest, NamesThatLeadElsewhereAreRefused) {
  const std::string text = FormatManifest(Sample());
  for (const char* name : {"..", ".", "", "/etc/passwd", "../CURRENT", "a b", "a\tb", "\xc3\xa4"}) {
    EXPECT_THAT(Refusal(Signed(Replaced(text, "CURRENT", name))), HasSubstr("line 6: not a file"))
        << name;
  }
}

TEST(Manifest, OfAnotherVersionIsToldApart) {
  const auto parsed = ParseManifest("clew-backup 2\nanything");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Code::kUnsupported);
  EXPECT_THAT(parsed.error().message, HasSubstr("version 2"));
}

}  // namespace
}  // namespace clew::store
