#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/query/convert.h"
#include "collector/query/trace_chunks.h"
#include "store/memory_store.h"
#include "store/query/format.h"
#include "test_spans.h"

namespace clew::query {
namespace {

using store::MakeSpan;
using store::TestTraceId;
using testing::HasSubstr;

TEST(Convert, ZeroMeansNoBoundAndTheDefaultLimit) {
  const auto query = ToQuery({});
  ASSERT_TRUE(query);
  EXPECT_EQ(query->limit, 20u);
  EXPECT_EQ(query->start_max, UnixNanos::max());
  EXPECT_EQ(query->order, store::Order::kNewest);
  EXPECT_TRUE(query->conditions.empty());
}

TEST(Convert, EveryFieldReachesTheStore) {
  v1::SearchTracesRequest request;
  request.set_query("service=shop code>=500");
  request.set_start_min_unix_nano(1);
  request.set_start_max_unix_nano(2);
  request.set_order(v1::ORDER_SLOWEST);
  request.set_limit(5);
  request.set_cursor("somewhere");
  const auto query = ToQuery(request);
  ASSERT_TRUE(query);
  EXPECT_EQ(store::FormatConditions(query->conditions), "service=shop code>=500");
  EXPECT_EQ(query->start_min, UnixNanosFrom(1));
  EXPECT_EQ(query->start_max, UnixNanosFrom(2));
  EXPECT_EQ(query->order, store::Order::kSlowest);
  EXPECT_EQ(query->limit, 5u);
  EXPECT_EQ(query->cursor, "somewhere");
}

TEST(Convert, NonsenseIsRefusedByName) {
  const auto message = [](void (*spoil)(v1::SearchTracesRequest&)) {
    v1::SearchTracesRequest request;
    spoil(request);
    const auto query = ToQuery(request);
    return query ? std::string("accepted") : query.error().message;
  };
  EXPECT_THAT(message([](auto& r) { r.set_limit(10'001); }), HasSubstr("limit"));
  EXPECT_THAT(message([](auto& r) { r.set_query("service"); }), HasSubstr("query, column 8: "));
  EXPECT_THAT(message([](auto& r) { r.set_order(static_cast<v1::Order>(9)); }),
              HasSubstr("order 9"));
  EXPECT_THAT(message([](auto& r) { r.set_start_min_unix_nano(~0ull); }), HasSubstr("start_min"));
  EXPECT_THAT(message([](auto& r) { r.set_start_max_unix_nano(~0ull); }), HasSubstr("start_max"));
  EXPECT_THAT(message([](auto& r) { r.set_start_min_unix_nano(2), r.set_start_max_unix_nano(1); }),
              HasSubstr("start_min is after start_max"));
  EXPECT_THAT(message([](auto& r) { r.set_cursor(std::string(1000, 'x')); }), HasSubstr("cursor"));
}

TEST(Convert, ASearchEndsBeforeItsCallerGivesUp) {
  EXPECT_EQ(SearchTime(std::chrono::seconds(10)), std::chrono::seconds(9));
  EXPECT_EQ(SearchTime(std::chrono::nanoseconds::max()), std::chrono::minutes(1));
  EXPECT_LE(SearchTime(std::chrono::seconds(-1)).count(), 0);
}

TEST(Convert, PagesSayWhyTheyArePartial) {
  const v1::PageEnd end =
      ToPageEnd({.next_cursor = "next", .partial = store::Partial::kMemory, .partial_detail = "x"});
  EXPECT_EQ(end.next_cursor(), "next");
  EXPECT_EQ(end.partial(), v1::PARTIAL_MEMORY);
  EXPECT_EQ(end.partial_detail(), "x");
  EXPECT_EQ(ToPageEnd({}).partial(), v1::PARTIAL_NO);
}

TEST(Convert, ListsSayThatTheyAreCut) {
  store::Listing<store::OperationInfo> operations;
  operations.items.push_back({"GET /", 2, 5, UnixNanosFrom(7)});
  operations.truncated = true;
  const v1::ListOperationsResponse response = ToProto(operations);
  EXPECT_TRUE(response.truncated());
  EXPECT_EQ(response.operations(0).name(), "GET /");
  EXPECT_EQ(response.operations(0).kind(), 2u);
  EXPECT_EQ(response.operations(0).span_count(), 5u);
  EXPECT_EQ(response.operations(0).last_seen_unix_nano(), 7u);
}

TEST(Convert, DependenciesKeepTheirRangeAndHaveNoNegativeTimes) {
  store::DependencyGraph graph{.start_min = UnixNanosFrom(5), .start_max = UnixNanos::max()};
  graph.edges.push_back({.caller = "web",
                         .callee = "db",
                         .calls = 1.5,
                         .errors = 0.5,
                         .p50 = std::chrono::nanoseconds(-3),
                         .p99 = std::chrono::nanoseconds(9)});
  const v1::GetDependenciesResponse response = ToProto(graph);
  EXPECT_EQ(response.start_min_unix_nano(), 5u);
  EXPECT_EQ(response.start_max_unix_nano(), 0u);
  EXPECT_EQ(response.edges(0).caller(), "web");
  EXPECT_EQ(response.edges(0).calls(), 1.5);
  EXPECT_EQ(response.edges(0).p50_nano(), 0u);
  EXPECT_EQ(response.edges(0).p99_nano(), 9u);
}

TEST(ResolveTraceId, TakesWholeIdsAndUnambiguousPrefixesOfEitherCase) {
  store::MemoryStore store;
  ASSERT_TRUE(store.Append({MakeSpan({.trace = 0xa1}), MakeSpan({.trace = 0xa2})}));
  const TraceId id = TestTraceId(0xa1);
  EXPECT_EQ(*ResolveTraceId(store, id.ToHex()), id);
  EXPECT_EQ(*ResolveTraceId(store, "000000a1"), id);
  EXPECT_EQ(*ResolveTraceId(store, "000000A10"), id);
  // A whole id needs no look: reading it says whether it is there.
  EXPECT_EQ(ResolveTraceId(store, std::string(32, 'f'))->ToHex(), std::string(32, 'f'));
}

TEST(ResolveTraceId, SaysWhatIsWrong) {
  store::MemoryStore store;
  EXPECT_EQ(ResolveTraceId(store, "0123456").error().code, Code::kInvalid);
  EXPECT_EQ(ResolveTraceId(store, std::string(33, '0')).error().code, Code::kInvalid);
  EXPECT_EQ(ResolveTraceId(store, "not hex!").error().code, Code::kInvalid);
  EXPECT_EQ(ResolveTraceId(store, "ffffffff").error().code, Code::kNotFound);
}

TEST(ResolveTraceId, NamesTheCandidatesOfAnAmbiguousPrefix) {
  store::MemoryStore store;
  for (std::uint8_t last = 1; last <= 7; ++last) {
    store::SpanRecord span = MakeSpan({});
    span.trace_id.bytes = {0xab, 0xcd, 0xef, 0x01, last};
    span.span += static_cast<char>(last);
    ASSERT_TRUE(store.Append({span}));
  }
  const auto id = ResolveTraceId(store, "abcdef01");
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, Code::kInvalid);
  EXPECT_THAT(id.error().message, HasSubstr("abcdef0101"));
  EXPECT_THAT(id.error().message, HasSubstr("..."));
}

TEST(TraceChunks, EveryChunkIsBoundedAndNothingIsMissing) {
  std::vector<store::SpanRecord> spans;
  for (std::uint64_t id = 1; id <= 60; ++id) {
    spans.push_back(MakeSpan(
        {.id = id, .service = id % 7 == 0 ? "db" : "shop", .payload = std::string(50'000, 'x')}));
  }
  std::vector<std::string> got;
  int chunks = 0;
  TraceChunks packer([&](const v1::GetTraceResponse& chunk) {
    ++chunks;
    EXPECT_LE(chunk.ByteSizeLong(), kMaxChunkBytes + 1000);
    for (const auto& resource : chunk.resource_spans()) {
      EXPECT_EQ(resource.resource().attributes_size(), 1);
      for (const auto& span : resource.scope_spans(0).spans())
        got.push_back(span.SerializeAsString());
    }
    return true;
  });
  for (const auto& span : spans) ASSERT_TRUE(packer.Add(span));
  ASSERT_TRUE(packer.Finish());
  EXPECT_GE(chunks, 3);
  ASSERT_EQ(got.size(), spans.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], spans[i].span);
}

TEST(TraceChunks, StopsWhenTheReaderHasGone) {
  TraceChunks packer([](const v1::GetTraceResponse&) { return false; });
  ASSERT_TRUE(packer.Add(MakeSpan({.payload = std::string(kMaxChunkBytes, 'x')})));
  EXPECT_FALSE(packer.Add(MakeSpan({.id = 2})));
}

}  // namespace
}  // namespace clew::query
