#include "store/join/join_table.h"

#include <gtest/gtest.h>

#include "store/join/evidence.h"
#include "store/join/rows.h"
#include "test_spans.h"

namespace clew::store {
namespace {

using Outcome = JoinTable::Outcome;
using std::chrono::seconds;

WaitingSpan End(bool is_server, std::uint64_t number, std::uint64_t at_s = 100,
                std::uint64_t arrived_s = 1000, std::uint64_t key = 1) {
  WaitingSpan span{.key = {0, key}, .is_server = is_server, .trace = TestTraceId(number)};
  span.span = *SpanId::FromHex("000000000000000" + std::to_string(number % 10));
  span.start = UnixNanos(seconds(at_s));
  span.end = span.start + seconds(2);
  span.arrived = UnixNanos(seconds(arrived_s));
  span.sequence = arrived_s;
  return span;
}

TEST(JoinTable, TheOtherEndIsFoundOnce) {
  JoinTable table;
  WaitingSpan partner;
  EXPECT_EQ(table.Add(End(false, 1), partner), Outcome::kWaits);
  EXPECT_EQ(table.Add(End(false, 1), partner), Outcome::kRepeated);
  EXPECT_EQ(table.Add(End(true, 2), partner), Outcome::kJoined);
  EXPECT_EQ(partner.trace, TestTraceId(1));
  EXPECT_EQ(table.Add(End(true, 3), partner), Outcome::kAmbiguous);
  EXPECT_EQ(table.Add(End(false, 4), partner), Outcome::kAmbiguous);
}

TEST(JoinTable, TheServerStartsWithinAMinuteOfItsClient) {
  for (const std::uint64_t start : {39, 40, 100, 162, 163}) {
    JoinTable table;
    WaitingSpan partner;
    table.Add(End(false, 1, 100), partner);  // ends at 102
    const bool fits = start >= 40 && start <= 162;
    EXPECT_EQ(table.Add(End(true, 2, start), partner), fits ? Outcome::kJoined : Outcome::kWaits)
        << start;
  }
}

TEST(JoinTable, WhatWaitsTooLongOrIsTooMuchIsForgotten) {
  JoinTable table({.max_slots = 3});
  WaitingSpan partner;
  table.Add(End(false, 1, 100, 1000), partner);
  EXPECT_EQ(table.oldest(5), 1000u);
  EXPECT_EQ(table.Add(End(true, 2, 100, 1121), partner), Outcome::kWaits) << "two minutes";
  EXPECT_EQ(table.unmatched(), 1u);
  for (std::uint64_t key = 2; key < 5; ++key) table.Add(End(false, 3, 100, 1122, key), partner);
  EXPECT_EQ(table.Add(End(false, 4, 100, 1122), partner), Outcome::kWaits) << "no room";
}

TEST(JoinTable, APlaceThatIsTakenAnewAgainAndAgainIsBounded) {
  JoinTable table({.max_slots = 4});
  WaitingSpan partner;
  for (std::uint64_t n = 0; n < 100; ++n) {
    EXPECT_EQ(table.Add(End(false, 1, 1000 * n, 1000), partner), Outcome::kWaits);
  }
  EXPECT_EQ(table.Add(End(true, 2, 99'000, 1000), partner), Outcome::kJoined);
}

TEST(JoinTable, TimesAtTheEndsOfTimeDoNotOverflow) {
  JoinTable table;
  WaitingSpan partner;
  WaitingSpan span = End(false, 1);
  span.start = UnixNanos{};
  span.end = UnixNanos::max();
  table.Add(span, partner);
  EXPECT_EQ(table.Add(End(true, 2), partner), Outcome::kJoined);
  span.start = span.end = UnixNanos::max();
  EXPECT_NE(table.Add(span, partner), Outcome::kJoined);
}

TestSpan Served() {
  return {.kind = 2,
          .attributes = {{"network.local.address", std::string("10.0.0.2")},
                         {"network.local.port", std::int64_t{80}},
                         {"network.peer.address", std::string("10.0.0.1")},
                         {"network.peer.port", std::int64_t{40000}},
                         {"clew.request.tcp_seq", std::int64_t{7}}}};
}

TEST(JoinEvidence, BothEndsHaveTheSameKey) {
  TestSpan client = Served();
  client.kind = 3;
  std::swap(client.attributes[0].second, client.attributes[2].second);
  std::swap(client.attributes[1].second, client.attributes[3].second);
  const auto key = ReadJoinEvidence(MakeSpan(Served())).wire;
  ASSERT_TRUE(key);
  EXPECT_EQ(ReadJoinEvidence(MakeSpan(client)).wire, key);
  client.kind = 2;
  EXPECT_NE(ReadJoinEvidence(MakeSpan(client)).wire, key) << "the other way round";
}

TEST(JoinEvidence, WhatIsNotWholeIsNone) {
  const std::size_t count = Served().attributes.size();
  for (std::size_t i = 0; i < count; ++i) {
    TestSpan span = Served();
    span.attributes.erase(span.attributes.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(ReadJoinEvidence(MakeSpan(span)).wire) << i;
  }
  for (const TestValue& seq : {TestValue(std::int64_t{-1}), TestValue(std::int64_t{1} << 32),
                               TestValue(std::string("7")), TestValue(7.0)}) {
    TestSpan span = Served();
    span.attributes.back().second = seq;
    EXPECT_FALSE(ReadJoinEvidence(MakeSpan(span)).wire);
  }
  TestSpan span = Served();
  span.attributes[0].second = std::string(65, '1');
  EXPECT_FALSE(ReadJoinEvidence(MakeSpan(span)).wire);
  span = Served();
  span.parent = 9;
  EXPECT_FALSE(ReadJoinEvidence(MakeSpan(span)).wire) << "it knows its parent";
  SpanRecord damaged = MakeSpan(Served());
  damaged.span.resize(damaged.span.size() - 3);
  EXPECT_FALSE(ReadJoinEvidence(damaged).wire);
}

TEST(JoinEvidence, AClaimNamesAValidSpanAndIsOfARoot) {
  const std::string trace(32, 'a');
  const std::string id(16, 'b');
  TestSpan span{.attributes = {{"clew.alias.trace_id", trace}, {"clew.alias.span_id", id}}};
  const auto claim = ReadJoinEvidence(MakeSpan(span)).claim;
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->trace.ToHex(), trace);
  EXPECT_EQ(claim->span.ToHex(), id);
  EXPECT_EQ(claim->method, "alias");
  EXPECT_EQ(claim->confidence, kCertain);
  span.attributes.push_back({"clew.alias.method", std::string("handback")});
  span.attributes.push_back({"clew.alias.confidence", 0.5});
  EXPECT_EQ(ReadJoinEvidence(MakeSpan(span)).claim->method, "handback");
  EXPECT_EQ(ReadJoinEvidence(MakeSpan(span)).claim->confidence, 5000);
  for (const double wrong : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    span.attributes.back().second = wrong;
    EXPECT_FALSE(ReadJoinEvidence(MakeSpan(span)).claim);
  }
  span.attributes.resize(2);
  span.attributes[1].second = std::string(16, '0');
  EXPECT_FALSE(ReadJoinEvidence(MakeSpan(span)).claim);
  span.attributes[1].second = id;
  span.parent = 5;
  EXPECT_FALSE(ReadJoinEvidence(MakeSpan(span)).claim);
}

TEST(JoinRows, ComeBackAsTheyWere) {
  const Alias alias{.trace = TestTraceId(1),
                    .root = *SpanId::FromHex("0000000000000001"),
                    .parent_trace = TestTraceId(2),
                    .parent = *SpanId::FromHex("0000000000000002"),
                    .method = "join",
                    .confidence = 9900,
                    .sequence = 17};
  EXPECT_EQ(DecodeAlias(alias.trace, EncodeAlias(alias)), alias);
  EXPECT_EQ(DecodeChild(ChildKey(alias.parent_trace, alias.trace)), alias.trace);
  EXPECT_EQ(DecodeExtent(EncodeExtent({7, 3}, 5)), (FamilyExtent{7, 3}));
  WaitingSpan span = End(true, 3);
  span.error = true;
  span.weight = 4;
  span.service = "stock";
  EXPECT_EQ(DecodePending(PendingKey(span.sequence, 9), EncodePending(span)), span);
}

TEST(JoinRows, EveryTruncationIsRefused) {
  const std::string alias = EncodeAlias({.method = ""});
  for (std::size_t n = 0; n < alias.size(); ++n) EXPECT_FALSE(DecodeAlias({}, alias.substr(0, n)));
  const std::string pending = EncodePending(End(true, 3));
  for (std::size_t n = 0; n < pending.size(); ++n) {
    EXPECT_FALSE(DecodePending(PendingKey(1, 2), pending.substr(0, n)));
  }
  const std::string child = ChildKey(TestTraceId(1), TestTraceId(2));
  for (std::size_t n = 0; n < child.size(); ++n) EXPECT_FALSE(DecodeChild(child.substr(0, n)));
  EXPECT_FALSE(DecodePending("short", pending));
  EXPECT_FALSE(DecodeExtent(EncodeExtent({kMaxFamily + 1, 1}, 1)));
}

}  // namespace
}  // namespace clew::store
