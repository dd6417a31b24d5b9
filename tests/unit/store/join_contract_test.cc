// Traces that belong together are one, in every store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "store/join/alias.h"
#include "test_stores.h"

namespace clew::store {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr std::int64_t kSeq = 4'000'000'000;

TestAttributes Wire(const char* local, std::int64_t local_port, const char* peer,
                    std::int64_t peer_port, std::int64_t seq = kSeq) {
  return {{"network.local.address", std::string(local)},
          {"network.local.port", local_port},
          {"network.peer.address", std::string(peer)},
          {"network.peer.port", peer_port},
          {"clew.request.tcp_seq", seq}};
}
// The same request, as its two ends see it.
TestAttributes AtClient(std::int64_t seq = kSeq) {
  return Wire("10.0.0.1", 40000, "10.0.0.2", 80, seq);
}
TestAttributes AtServer(std::int64_t seq = kSeq) {
  return Wire("10.0.0.2", 80, "10.0.0.1", 40000, seq);
}

TestSpan Client(std::uint64_t trace, std::uint64_t id, std::int64_t seq = kSeq) {
  return {.trace = trace,
          .id = id,
          .service = "shop",
          .name = "call",
          .kind = 3,
          .attributes = AtClient(seq)};
}
TestSpan Server(std::uint64_t trace, std::uint64_t id, std::int64_t seq = kSeq) {
  return {.trace = trace,
          .id = id,
          .service = "stock",
          .name = "GET /stock",
          .start_ms = 1002,
          .duration_ms = 5,
          .kind = 2,
          .attributes = AtServer(seq)};
}
TestSpan Under(TestSpan span, std::uint64_t parent) {
  span.parent = parent;
  return span;
}
TestSpan At(TestSpan span, std::uint64_t start_ms) {
  span.start_ms = start_ms;
  return span;
}
TestSpan Claiming(TestSpan span, std::uint64_t trace, std::uint64_t parent) {
  const SpanRecord target = MakeSpan({.trace = trace, .id = parent});
  span.attributes = {{"clew.alias.trace_id", target.trace_id.ToHex()},
                     {"clew.alias.span_id", target.span_id.ToHex()}};
  return span;
}

class JoinContract : public AnyStore {
 protected:
  void AddAll(const std::vector<TestSpan>& spans) {
    for (const TestSpan& span : spans) Add(span);
  }
  // "id<-parent" of every span of a trace, ids as MakeSpan numbers them.
  std::vector<std::string> Shape(std::uint64_t trace, std::uint64_t expected_trace) {
    std::vector<std::string> shape;
    for (const SpanRecord& span : ReadAll(*store_, TestTraceId(trace))) {
      EXPECT_EQ(span.trace_id, TestTraceId(expected_trace));
      shape.push_back(Number(span.span_id) + "<-" + Number(span.parent_id));
    }
    return shape;
  }
  static std::string Number(const SpanId& id) {
    return id.valid() ? std::to_string(id.bytes[7]) : "";
  }
  // T1: 1 (server) -> 2 (client); T2: 3 (server) -> 4.
  void AddPair() {
    AddAll({{.trace = 1, .id = 1, .name = "GET /", .duration_ms = 30},
            Under(Client(1, 2), 1),
            Server(2, 3),
            {.trace = 2, .id = 4, .parent = 3, .service = "db", .start_ms = 1003}});
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, JoinContract, EveryStore(), StoreName);

TEST_P(JoinContract, TheTwoEndsOfACallAreOneTraceEverywhere) {
  AddPair();
  for (const std::uint64_t asked : {1, 2}) {
    EXPECT_THAT(Shape(asked, 1), ElementsAre("1<-", "2<-1", "3<-2", "4<-3")) << asked;
  }
  const auto found = SearchAll(*store_, {});
  ASSERT_EQ(found.size(), 1u);
  const TraceSummary& whole = found.front();
  EXPECT_EQ(whole.trace_id, TestTraceId(1));
  EXPECT_EQ(whole.root_name, "GET /");
  EXPECT_EQ(whole.span_count, 4u);
  EXPECT_EQ(whole.end - whole.start, std::chrono::milliseconds(30));
  EXPECT_THAT(whole.services, ElementsAre("db", "shop", "stock"));
}

TEST_P(JoinContract, TheJoinedSpanSaysSoInItsBytes) {
  AddPair();
  for (const SpanRecord& span : ReadAll(*store_, TestTraceId(2))) {
    opentelemetry::proto::trace::v1::Span proto;
    ASSERT_TRUE(proto.ParseFromString(span.span));
    EXPECT_EQ(proto.trace_id(), TestTraceId(1).View());
    EXPECT_EQ(proto.parent_span_id(), span.parent_id.valid() ? span.parent_id.View() : "");
    std::string method;
    double confidence = 0;
    for (const auto& attribute : proto.attributes()) {
      if (attribute.key() == "clew.link.method") method = attribute.value().string_value();
      if (attribute.key() == "clew.link.confidence") confidence = attribute.value().double_value();
    }
    EXPECT_EQ(method, Number(span.span_id) == "3" ? "join" : "");
    EXPECT_EQ(confidence, Number(span.span_id) == "3" ? 0.99 : 0);
  }
}

TEST_P(JoinContract, TheOrderInWhichTheEndsComeDoesNotMatter) {
  Add(Server(2, 3));
  Add(Client(1, 2));
  EXPECT_THAT(Shape(2, 1), ElementsAre("2<-", "3<-2"));
  ASSERT_TRUE(store_->Append({MakeSpan(Server(4, 13, 7)), MakeSpan(Client(3, 12, 7))}));
  EXPECT_THAT(Shape(3, 3), ElementsAre("12<-", "13<-12"));
}

TEST_P(JoinContract, AJoinedCallIsCountedOnceAsACall) {
  AddPair();
  ASSERT_TRUE(store_->Append({MakeSpan(Server(2, 3))}));  // sent again
  const auto graph = store_->Dependencies({}, UnixNanosFrom(3'600'000'000'000));
  ASSERT_TRUE(graph);
  std::vector<std::string> edges;
  for (const Dependency& edge : graph->edges) {
    edges.push_back(edge.caller + ">" + edge.callee + " " +
                    std::to_string(edge.calls).substr(0, 3));
  }
  EXPECT_THAT(edges, ElementsAre("shop>stock 1.0", "stock>db 1.0"));
}

TEST_P(JoinContract, AChainOfHopsIsOneTrace) {
  AddAll({Client(1, 1, 100), Server(2, 2, 100), Under(Client(2, 3, 200), 2)});
  AddAll({Under(Client(3, 5, 300), 4), Server(4, 6, 300), Server(3, 4, 200)});  // the middle last
  for (const std::uint64_t asked : {1, 2, 3, 4}) {
    EXPECT_THAT(Shape(asked, 1),
                UnorderedElementsAre("1<-", "2<-1", "3<-2", "4<-3", "5<-4", "6<-5"));
  }
  EXPECT_EQ(SearchAll(*store_, {}).size(), 1u);
}

TEST_P(JoinContract, AnotherAddressPortNumberOrTimeIsAnotherCall) {
  TestSpan address = Server(2, 2);
  address.attributes =
      Wire("10.0.0.9", 80, "10.0.0.1", 40000);  // behind a translation of addresses
  TestSpan port = Server(3, 3);
  port.attributes = Wire("10.0.0.2", 80, "10.0.0.1", 40001);
  TestSpan swapped = Server(4, 4);
  swapped.attributes = AtClient();
  AddAll({Client(1, 1), address, port, swapped, Server(5, 5, kSeq + 1), At(Server(6, 6), 200'000)});
  for (std::uint64_t trace = 1; trace <= 6; ++trace) EXPECT_EQ(Shape(trace, trace).size(), 1u);
  EXPECT_EQ(SearchAll(*store_, {}).size(), 6u);
}

TEST_P(JoinContract, APlaceOnTheWireThatComesAgainLaterIsAnotherCall) {
  AddAll({Client(1, 1), Server(2, 2), At(Client(3, 3), 500'000), At(Server(4, 4), 500'001)});
  EXPECT_THAT(Shape(2, 1), ElementsAre("1<-", "2<-1"));
  EXPECT_THAT(Shape(4, 3), ElementsAre("3<-", "4<-3"));
}

TEST_P(JoinContract, TwoCandidatesAreNone) {
  AddAll({Server(2, 2), Server(3, 3), Client(1, 1)});
  AddAll({Client(4, 4, 9), Client(5, 5, 9), Server(6, 6, 9)});
  for (std::uint64_t trace = 1; trace <= 6; ++trace) EXPECT_EQ(Shape(trace, trace).size(), 1u);
}

TEST_P(JoinContract, WhatIsJoinedStaysAsItIs) {
  AddAll({Client(1, 1), Server(2, 2), Client(3, 3), Server(4, 4)});
  EXPECT_THAT(Shape(2, 1), ElementsAre("1<-", "2<-1"));
  EXPECT_EQ(Shape(3, 3).size(), 1u);
  EXPECT_EQ(Shape(4, 4).size(), 1u);
  Add(Claiming({.trace = 2, .id = 9, .start_ms = 1005}, 4, 4));
  EXPECT_THAT(Shape(2, 1), ElementsAre("1<-", "2<-1", "9<-")) << "another root of a joined trace";
}

TEST_P(JoinContract, OnlyAClientSpanIsJoinedAndOnlyToARoot) {
  TestSpan internal = Client(1, 1);
  internal.kind = 1;
  AddAll({internal, Server(2, 2)});
  AddAll({Client(3, 3, 8), Under(Server(4, 4, 8), 77)});
  for (std::uint64_t trace = 1; trace <= 4; ++trace) EXPECT_EQ(Shape(trace, trace).size(), 1u);
}

TEST_P(JoinContract, AnAgentMaySayLaterWhereATraceBelongs) {
  AddAll({Claiming({.trace = 2, .id = 3, .start_ms = 1001, .kind = 3}, 1, 1),
          {.trace = 1, .id = 1, .duration_ms = 20}});
  EXPECT_THAT(Shape(2, 1), ElementsAre("1<-", "3<-1"));
  EXPECT_EQ(SearchAll(*store_, {}).size(), 1u);
}

TEST_P(JoinContract, ClaimsMakeNoCircle) {
  AddAll({Claiming({.trace = 1, .id = 1}, 1, 1), Claiming({.trace = 2, .id = 2}, 3, 3),
          Claiming({.trace = 3, .id = 3}, 4, 4), Claiming({.trace = 4, .id = 4}, 2, 2)});
  EXPECT_EQ(Shape(1, 1).size(), 1u);
  EXPECT_EQ(Shape(2, 4).size(), 3u);
  EXPECT_EQ(SearchAll(*store_, {}).size(), 2u);
}

TEST_P(JoinContract, ChainsAndCrowdsAreBounded) {
  for (std::uint64_t trace = 100; trace < 200; ++trace) {
    Add(Claiming({.trace = trace, .id = trace}, trace - 1, trace - 1));
  }
  for (std::uint64_t trace = 100; trace < 200; ++trace) {
    const std::size_t size = ReadAll(*store_, TestTraceId(trace)).size();
    EXPECT_GE(size, 1u);
    EXPECT_LE(size, kMaxFamilyDepth + 1);
  }
  // From its end: each new top has the whole chain below it.
  for (std::uint64_t trace = 400; trace > 300; --trace) {
    Add(Claiming({.trace = trace, .id = trace}, trace - 1, trace - 1));
  }
  for (std::uint64_t trace = 301; trace <= 400; ++trace) {
    EXPECT_LE(ReadAll(*store_, TestTraceId(trace)).size(), kMaxFamilyDepth + 1);
  }
  SpanBatch crowd;
  for (std::uint64_t trace = 1000; trace < 1000 + kMaxFamily + 100; ++trace) {
    crowd.push_back(MakeSpan(Claiming({.trace = trace, .id = 1}, 999, 1)));
  }
  ASSERT_TRUE(store_->Append(crowd));
  EXPECT_EQ(ReadAll(*store_, TestTraceId(1000)).size(), kMaxFamily - 1);
}

TEST_P(JoinContract, AConditionMayHoldInAnyOfTheTraces) {
  AddPair();
  Add({.trace = 9, .id = 9, .name = "other", .start_ms = 500});
  EXPECT_THAT(Found("service=db"), ElementsAre("GET /"));
  EXPECT_THAT(Found("service=shop name=call"), ElementsAre("GET /"));
  EXPECT_THAT(Found("service=db name=call"), ElementsAre()) << "not on one span";
  EXPECT_THAT(Found("service=db trace.root.service=shop trace.spans=4"), ElementsAre("GET /"))
      << "what is asked of the trace is asked of the whole";
  EXPECT_THAT(Found("service=db trace.duration>=30ms"), ElementsAre())
      << "but for the duration, which is that of the part";
  EXPECT_THAT(Found("trace.duration>=30ms"), ElementsAre("GET /"));
}

TEST_P(JoinContract, EveryPageOfEveryOrderListsAJoinedTraceOnce) {
  for (std::uint64_t n = 0; n < 20; ++n) {
    const auto seq = static_cast<std::int64_t>(n);
    TestSpan root{.trace = 100 + n, .id = 1, .name = "root", .start_ms = 1000 + 10 * n};
    root.duration_ms = 50 + (n * 7) % 20;
    TestSpan call = At(Under(Client(100 + n, 2, seq), 1), 1001 + 10 * n);
    TestSpan served = At(Server(200 + n, 3, seq), 1002 + 10 * n);
    served.duration_ms = 5 + n * 3;  // some last longer than their callers
    AddAll({root, call, served});
  }
  for (const Order order : {Order::kNewest, Order::kSlowest}) {
    for (const char* expression : {"", "service=stock", "service=shop", "kind=client"}) {
      for (const std::uint32_t limit : {1, 3, 100}) {
        Query query = Ask(expression);
        query.order = order;
        query.limit = limit;
        std::set<TraceId> traces;
        for (const TraceSummary& summary : SearchAll(*store_, query)) {
          EXPECT_EQ(summary.span_count, 3u);
          EXPECT_TRUE(traces.insert(summary.trace_id).second) << expression << " " << limit;
        }
        EXPECT_EQ(traces.size(), 20u) << expression << " " << limit;
      }
    }
  }
}

TEST_P(JoinContract, APageThatIsFollowedDoesNotKnowWhatIsJoinedMeanwhile) {
  AddAll({At(Client(1, 1), 1000), At(Server(2, 2), 1001), At(Server(3, 3, 5), 1002)});
  Query query;
  query.limit = 1;
  const auto first = store_->Search(query, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->traces.front().trace_id, TestTraceId(3));
  AddAll(
      {At(Client(1, 4, 5), 1003)});  // trace 3 belongs to trace 1 now, and so would be listed again
  query.cursor = first->next_cursor;
  query.limit = 10;
  const auto rest = store_->Search(query, {});
  ASSERT_TRUE(rest);
  ASSERT_EQ(rest->traces.size(), 1u);
  EXPECT_EQ(rest->traces.front().trace_id, TestTraceId(1));
  EXPECT_EQ(SearchAll(*store_, {}).size(), 1u);
}

}  // namespace
}  // namespace clew::store
