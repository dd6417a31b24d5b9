#include "agent/protocols/http1/head.h"

#include <gtest/gtest.h>

#include <string>

namespace clew::protocols::http1 {
namespace {

const std::string kRequest = "GET /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n";

TEST(ParseHead, ReadsARequest) {
  Head head;
  const std::string bytes = kRequest + "body";
  ASSERT_EQ(ParseHead(bytes, head), ParseState::kOk);
  EXPECT_FALSE(head.is_response);
  EXPECT_EQ(head.size, kRequest.size());
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/a?b=c");
  EXPECT_EQ(head.minor_version, '1');
  EXPECT_EQ(head.host, "x");
  EXPECT_EQ(head.length, 12u);
}

TEST(ParseHead, ReadsAResponse) {
  Head head;
  ASSERT_EQ(ParseHead("HTTP/1.0 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n", head),
            ParseState::kOk);
  EXPECT_TRUE(head.is_response);
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.minor_version, '0');
  EXPECT_TRUE(head.chunked);
}

TEST(ParseHead, AsksForMoreAtEverySplitPoint) {
  for (std::size_t n = 0; n < kRequest.size(); ++n) {
    Head head;
    EXPECT_EQ(ParseHead(kRequest.substr(0, n), head), ParseState::kNeedMore) << n;
    std::size_t scanned = 0;
    EXPECT_EQ(FindHeadEnd(kRequest.substr(0, n), scanned), 0u) << n;
    EXPECT_EQ(FindHeadEnd(kRequest, scanned), kRequest.size()) << n;
  }
}

TEST(ParseHead, RefusesWhatIsNoStartLine) {
  for (const std::string_view line :
       {"", " GET / HTTP/1.1", "GET /", "GET  HTTP/1.1", "GET / HTTP/2.0", "GET / HTTP/1.",
        "GET /a b HTTP/1.1", "G(T / HTTP/1.1", "GET /\x01 HTTP/1.1", "HTTP/1.1", "HTTP/1.1 20",
        "HTTP/1.1 2000 OK", "HTTP/1.1 099 No", "HTTP/1.1 abc", "HTTP/2.0 200 OK",
        "AVERYVERYLONGMETHODTHATNOBODYWOULDEVERUSE / HTTP/1.1"}) {
    Head head;
    EXPECT_EQ(ParseHead(std::string(line) + "\r\n\r\n", head), ParseState::kMalformed) << line;
  }
}

TEST(ParseHead, AReasonPhraseMayBeMissing) {
  Head head;
  EXPECT_EQ(ParseHead("HTTP/1.1 200\r\n\r\n", head), ParseState::kOk);
  EXPECT_EQ(ParseHead("HTTP/1.1 200 \r\n\r\n", head), ParseState::kOk);
}

TEST(ParseCutHead, ReadsCompleteLinesAndLeavesTheRest) {
  Head head;
  ASSERT_EQ(ParseCutHead("GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: cu", head), ParseState::kOk);
  EXPECT_TRUE(head.cut);
  EXPECT_EQ(head.host, "x");
  EXPECT_EQ(head.user_agent, "");
  EXPECT_EQ(ParseCutHead("GET / HTT", head), ParseState::kMalformed);
  EXPECT_EQ(ParseCutHead("", head), ParseState::kMalformed);
}

TEST(FindHeadEnd, ReadsAHeadInOneBytePiecesOnce) {
  // 60 KB of lines: searching from the beginning at each byte would be 1.8 billion steps.
  std::string head = "GET / HTTP/1.1\r\n";
  while (head.size() < 60000) head += "Name: value\r\n";
  head += "\r\n";
  std::size_t scanned = 0;
  for (std::size_t n = 1; n < head.size(); ++n) {
    ASSERT_EQ(FindHeadEnd(std::string_view(head).substr(0, n), scanned), 0u);
    ASSERT_GE(scanned + 3, n < 16 ? 0 : n - 12);
  }
  EXPECT_EQ(FindHeadEnd(head, scanned), head.size());
}

TEST(LooksLikeRequest, KnowsAStartFromSixteenBytes) {
  for (const std::string_view yes :
       {"GET / HTTP/1.1\r\n", "POST /orders/12", "OPTIONS * HTTP/1", "CONNECT db:5432 H",
        "GET http://a/ HT", "PROPFIND /a HTTP", "M-SEARCH * HTTP/", "MKREDIRECTREF /x"}) {
    EXPECT_NE(LooksLikeRequest(yes.substr(0, 16)), Likeness::kNo) << yes;
    for (std::size_t n = 0; n <= yes.size(); ++n)
      EXPECT_NE(LooksLikeRequest(yes.substr(0, n)), Likeness::kNo) << yes;
  }
  EXPECT_EQ(LooksLikeRequest("GET /"), Likeness::kYes);
}

TEST(LooksLikeRequest, KnowsOtherProtocols) {
  for (const std::string_view no :
       {"EHLO mail.example\r\n", "SET key value\r\n", "*3\r\n$3\r\nSET\r\n", "\x16\x03\x01\x02",
        "SSH-2.0-OpenSSH_9", "USER anonymous\r\n", "get key\r\n", "GET key\r\n", "{\"a\":1}",
        " GET / "}) {
    EXPECT_EQ(LooksLikeRequest(no), Likeness::kNo) << no;
    EXPECT_EQ(LooksLikeResponse(no), Likeness::kNo) << no;
  }
}

TEST(LooksLikeResponse, NeedsVersionSpaceAndDigit) {
  EXPECT_EQ(LooksLikeResponse("HTTP/1.1 200 OK\r"), Likeness::kYes);
  EXPECT_EQ(LooksLikeResponse("HTTP/1.1 2"), Likeness::kYes);
  EXPECT_EQ(LooksLikeResponse("HTTP/1.1 "), Likeness::kMaybe);
  EXPECT_EQ(LooksLikeResponse(""), Likeness::kMaybe);
  for (const std::string_view no :
       {"HTTP/2.0 200 OK", "HTTP/1.x 200", "HTTP/1.1_200", "HTTP/1.1 OK", "RTSP/1.0 200 OK"}) {
    EXPECT_EQ(LooksLikeResponse(no), Likeness::kNo) << no;
  }
}

}  // namespace
}  // namespace clew::protocols::http1
