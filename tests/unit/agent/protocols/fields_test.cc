#include "agent/protocols/http1/fields.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace clew::protocols::http1 {
namespace {

// Keeps the lines alive that the head views.
struct Lines {
  explicit Lines(std::vector<std::string> all) : lines(std::move(all)) {
    for (const std::string& line : lines) ReadField(line, head);
  }
  const std::vector<std::string> lines;
  Head head;
};

TEST(ReadField, KnowsEachFieldInAnyCase) {
  const std::pair<const char*, Field> kFields[] = {
      {"Host", Field::kHost},
      {"user-agent", Field::kUserAgent},
      {"CONTENT-LENGTH", Field::kContentLength},
      {"Transfer-Encoding", Field::kTransferEncoding},
      {"Forwarded", Field::kForwarded},
      {"X-Forwarded-For", Field::kXForwardedFor},
      {"X-Forwarded-Proto", Field::kXForwardedProto},
      {"TraceParent", Field::kTraceparent},
      {"tracestate", Field::kTracestate},
      {"B3", Field::kB3},
      {"X-B3-TraceId", Field::kB3TraceId},
      {"X-B3-SpanId", Field::kB3SpanId},
      {"X-B3-Sampled", Field::kB3Sampled},
      {"X-B3-Flags", Field::kB3Flags},
      {"Accept", Field::kOther},
      {"Hose", Field::kOther},
      {"Host ", Field::kOther},
      {"X-Forwarded-Host", Field::kOther},
      {"traceparen", Field::kOther},
      {"", Field::kOther},
  };
  for (const auto& [name, field] : kFields) {
    Head head;
    EXPECT_EQ(ReadField(std::string(name) + ": 1", head), field) << name;
  }
}

TEST(ReadField, ALineWithoutAColonIsNoField) {
  Head head;
  EXPECT_EQ(ReadField("Host", head), Field::kOther);
}

TEST(ReadField, TheFirstOfTextFieldsCountsAndControlCharactersDoNot) {
  const Lines fields({"Host: a\x01", "Host:\tb ", "Host: c"});
  EXPECT_EQ(fields.head.host, "b");
}

TEST(ReadField, LengthsMustAgree) {
  EXPECT_FALSE(Lines({"Content-Length: 5", "Content-Length: 5, 5"}).head.ambiguous);
  for (const char* bad : {"6", "-5", "+5", "0x5", "5 5", "", "5,", "1234567890123456789"}) {
    EXPECT_TRUE(Lines({"Content-Length: 5", std::string("Content-Length: ") + bad}).head.ambiguous)
        << bad;
  }
}

TEST(ReadField, OnlyTheLastCodingMakesItChunked) {
  EXPECT_TRUE(Lines({"Transfer-Encoding: gzip, chunked"}).head.chunked);
  EXPECT_TRUE(Lines({"Transfer-Encoding: gzip", "Transfer-Encoding: CHUNKED"}).head.chunked);
  EXPECT_FALSE(Lines({"Transfer-Encoding: chunked, gzip"}).head.chunked);
  EXPECT_FALSE(Lines({"Transfer-Encoding: xchunked"}).head.chunked);
  EXPECT_TRUE(Lines({"Transfer-Encoding: chunked", "Transfer-Encoding: chunked"}).head.ambiguous);
}

TEST(ReadForwarded, PrefersForwarded) {
  const Lines fields(
      {"Forwarded: by=x;For=\"192.0.2.60:47\" ; proto=HTTPS", "X-Forwarded-For: 10.0.0.1"});
  EXPECT_EQ(ReadForwarded(fields.head).address, "192.0.2.60");
  EXPECT_EQ(ReadForwarded(fields.head).scheme, "https");
}

TEST(ReadForwarded, TakesAddressesOnly) {
  const std::pair<const char*, const char*> kCases[] = {
      {"203.0.113.7, 10.0.0.1", "203.0.113.7"},
      {" [2001:db8::1]:80", "2001:db8::1"},
      {"2001:db8::1", "2001:db8::1"},
      {"1.2.3.4:55", "1.2.3.4"},
      {"unknown", ""},
      {"_hidden", ""},
      {"[2001:db8::1", ""},
      {"", ""},
      {", 1.2.3.4", ""},
  };
  for (const auto& [value, expected] : kCases) {
    const Lines fields({std::string("X-Forwarded-For: ") + value});
    EXPECT_EQ(ReadForwarded(fields.head).address, expected) << value;
  }
}

TEST(Authority, ComesFromTheTargetFirst) {
  Head head;
  head.host = "h:1";
  head.method = "GET";
  const std::pair<const char*, const char*> kCases[] = {
      {"/a", "h:1"},         {"http://o:2/a", "o:2"}, {"HTTPS://o", "o"}, {"http://u:p@o?x@y", "o"},
      {"/http://o/", "h:1"}, {"http:/broken", "h:1"}, {"*", "h:1"},
  };
  for (const auto& [target, expected] : kCases) {
    head.target = target;
    EXPECT_EQ(Authority(head), expected) << target;
  }
  head.method = "CONNECT";
  head.target = "db:5432";
  EXPECT_EQ(Authority(head), "db:5432");
}

}  // namespace
}  // namespace clew::protocols::http1
