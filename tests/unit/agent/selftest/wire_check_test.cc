#include "agent/selftest/wire_check.h"

#include <gtest/gtest.h>

namespace clew::selftest {
namespace {

constexpr char kTraceparent[] =
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
constexpr char kTracestate[] = "tracestate: clew=1\r\n";

// `request` with `lines` behind its first line.
std::string Insert(std::string request, const std::string& lines) {
  return request.insert(request.find("\r\n") + 2, lines);
}

TEST(WireCheck, AcceptsARequestAsItWasSentInAnyTwoPieces) {
  const std::string request = RequestHead("x", 10) + Pattern(0, 10);
  for (std::size_t cut = 0; cut <= request.size(); ++cut) {
    WireCheck check;
    check.ExpectRequest(request);
    EXPECT_TRUE(check.Feed(request.substr(0, cut))) << cut;
    EXPECT_EQ(check.wanted(), request.size() - cut);
    EXPECT_TRUE(check.Feed(request.substr(cut))) << cut;
    EXPECT_TRUE(check.complete());
    EXPECT_EQ(check.headers_seen(), 0);
  }
}

TEST(WireCheck, AcceptsInsertedHeadersInAnyTwoPieces) {
  const std::string request = RequestHead("x", 10) + Pattern(0, 10);
  for (const std::string& lines :
       {std::string(kTraceparent), std::string(kTraceparent) + kTracestate}) {
    const std::string arrived = Insert(request, lines);
    for (std::size_t cut = 0; cut <= arrived.size(); ++cut) {
      WireCheck check;
      check.ExpectRequest(request);
      EXPECT_TRUE(check.Feed(arrived.substr(0, cut)) && check.Feed(arrived.substr(cut)))
          << cut << check.problem();
      EXPECT_TRUE(check.complete());
      EXPECT_EQ(check.headers_seen(), 1);
    }
  }
}

TEST(WireCheck, NeverWantsMoreThanIsMissing) {
  const std::string request = RequestHead("x", 0);
  const std::string arrived = Insert(request, kTraceparent);
  WireCheck check;
  check.ExpectRequest(request);
  for (std::size_t i = 0; i < arrived.size(); ++i) {
    ASSERT_LE(check.wanted(), arrived.size() - i);
    ASSERT_GE(check.wanted(), 1u);
    ASSERT_TRUE(check.Feed(arrived.substr(i, 1)));
  }
  EXPECT_TRUE(check.complete());
}

TEST(WireCheck, CountsTheHeadersOfPipelinedRequests) {
  const std::string request = RequestHead("x", 0);
  WireCheck check;
  for (int i = 0; i < 3; ++i) check.ExpectRequest(request);
  EXPECT_TRUE(check.Feed(Insert(request, kTraceparent) + request + Insert(request, kTraceparent)));
  EXPECT_TRUE(check.complete());
  EXPECT_EQ(check.requests(), 3);
  EXPECT_EQ(check.headers_seen(), 2);
}

TEST(WireCheck, RefusesEveryChangedByte) {
  const std::string request = RequestHead("x", 100) + Pattern(0, 100);
  for (std::size_t i = 0; i < request.size(); ++i) {
    std::string changed = request;
    changed[i] ^= 0x20;
    WireCheck check;
    check.ExpectRequest(request);
    EXPECT_FALSE(check.Feed(changed)) << i;
    EXPECT_FALSE(check.problem().empty());
  }
}

TEST(WireCheck, RefusesEveryDoubledAndEveryMissingByteOfABody) {
  const std::string body = Pattern(0, 300);
  for (std::size_t i = 1; i < body.size(); ++i) {
    std::string doubled = body;
    doubled.insert(i, 1, body[i - 1]);
    WireCheck check;
    check.ExpectBytes(body);
    EXPECT_FALSE(check.Feed(doubled)) << i;
    std::string missing = body;
    missing.erase(i, 1);
    WireCheck other;
    other.ExpectBytes(body);
    EXPECT_FALSE(other.Feed(missing) && other.complete()) << i;
  }
}

TEST(WireCheck, RefusesLinesThatAreNoTraceHeaders) {
  const std::string request = RequestHead("x", 0);
  const std::string upper =
      "traceparent: 00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
  const std::string no_cr =
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 \n";
  for (const std::string& lines :
       {upper, no_cr, std::string("traceparent: 00\r\n"), std::string("t\n"),
        std::string(kTracestate), std::string(kTraceparent) + kTraceparent,
        std::string(kTraceparent) + kTracestate + kTracestate, std::string(2000, 't')}) {
    WireCheck check;
    check.ExpectRequest(request);
    EXPECT_FALSE(check.Feed(Insert(request, lines))) << lines;
  }
}

TEST(WireCheck, RefusesAHeaderAnywhereElse) {
  const std::string request = RequestHead("x", 0);
  for (std::size_t at = 0; at <= request.size(); ++at) {
    if (at == request.find("\r\n") + 2) continue;
    std::string arrived = request;
    arrived.insert(at, kTraceparent);
    WireCheck check;
    check.ExpectRequest(request);
    EXPECT_FALSE(check.Feed(arrived)) << at;
  }
}

TEST(Pattern, IsOneStreamFromAnyOffset) {
  const std::string whole = Pattern(0, 3 * kPatternPeriod);
  for (const std::size_t offset :
       {std::size_t{0}, std::size_t{1}, kPatternPeriod - 1, kPatternPeriod}) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, kPatternPeriod, kPatternPeriod + 5}) {
      EXPECT_EQ(Pattern(offset, size), whole.substr(offset, size));
      EXPECT_TRUE(IsPattern(offset, std::string_view(whole).substr(offset, size)));
    }
  }
}

TEST(Pattern, DoesNotMatchItselfShifted) {
  const std::string bytes = Pattern(0, 4096);
  for (std::size_t shift = 1; shift < 5000; ++shift) EXPECT_FALSE(IsPattern(shift, bytes)) << shift;
}

}  // namespace
}  // namespace clew::selftest
