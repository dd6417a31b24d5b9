// What every store promises, asked of each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "test_stores.h"

namespace clew::store {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class StoreContract : public AnyStore {};
INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, EveryStore(), StoreName);

TEST_P(StoreContract, LateSpansJoinTheirTrace) {
  Add({.id = 2, .parent = 1, .service = "db", .name = "SELECT", .start_ms = 2000});
  Add({.id = 1, .service = "shop", .name = "GET /", .start_ms = 1990, .duration_ms = 50});
  EXPECT_EQ(ReadAll(*store_, TestTraceId(1)).size(), 2u);
  const auto found = SearchAll(*store_, Ask("service=db"));
  ASSERT_EQ(found.size(), 1u);
  const TraceSummary& summary = found.front();
  EXPECT_EQ(summary.root_name, "GET /");
  EXPECT_TRUE(summary.has_root);
  EXPECT_EQ(summary.start, UnixNanosFrom(1'990'000'000));
  EXPECT_EQ(summary.end, UnixNanosFrom(2'040'000'000));
  EXPECT_THAT(summary.services, ElementsAre("db", "shop"));
}

TEST_P(StoreContract, ARepeatedBatchIsStoredOnce) {
  const SpanBatch batch = {MakeSpan({.id = 1}), MakeSpan({.id = 1}), MakeSpan({.id = 2})};
  ASSERT_TRUE(store_->Append(batch));
  ASSERT_TRUE(store_->Append(batch));
  EXPECT_EQ(store_->Stats().spans, 2u);
  EXPECT_EQ(ReadAll(*store_, TestTraceId(1)).size(), 2u);
  // Same ids, other content: both are kept, nobody knows which one is right.
  Add({.id = 1, .payload = "other"});
  EXPECT_EQ(store_->Stats().spans, 3u);
}

TEST_P(StoreContract, SearchIsNewestFirstAndObeysEveryBound) {
  Add({.trace = 1, .name = "slow", .start_ms = 1000, .duration_ms = 500});
  Add({.trace = 2, .name = "failed", .start_ms = 2000, .error = true});
  Add({.trace = 3, .service = "db", .name = "query", .start_ms = 3000});
  const auto at = [](std::uint64_t ms) { return UnixNanosFrom(ms * 1'000'000); };
  EXPECT_THAT(Found(""), ElementsAre("query", "failed", "slow"));
  EXPECT_THAT(Found("service=shop"), ElementsAre("failed", "slow"));
  EXPECT_THAT(Found("name=query"), ElementsAre("query"));
  EXPECT_THAT(Found("service=shop name=query"), ElementsAre());
  EXPECT_THAT(Found("trace.duration>=500ms"), ElementsAre("slow"));
  EXPECT_THAT(Found("trace.duration<=10ms"), ElementsAre("query", "failed"));
  EXPECT_THAT(Found("trace.error=true"), ElementsAre("failed"));
  Query range;
  range.start_min = at(2000);
  EXPECT_THAT(Found(range), ElementsAre("query", "failed"));
  range.start_max = at(2000);
  EXPECT_THAT(Found(range), ElementsAre("failed"));
  range.start_min = {};
  EXPECT_THAT(Found(range), ElementsAre("failed", "slow"));
}

TEST_P(StoreContract, SpanConditionsMustHoldOnOneSpan) {
  Add({.trace = 1, .id = 1, .service = "shop", .name = "root"});
  Add({.trace = 1, .id = 2, .parent = 1, .service = "db", .name = "SELECT", .error = true});
  EXPECT_THAT(Found("service=db error=true"), ElementsAre("root"));
  EXPECT_THAT(Found("service=shop error=true"), ElementsAre());
  EXPECT_THAT(Found("service=shop trace.error=true"), ElementsAre("root"));
}

TEST_P(StoreContract, AttributesAreFoundWithoutAService) {
  Add({.trace = 1, .name = "int", .attributes = {{"code", std::int64_t{500}}}});
  Add({.trace = 2, .name = "text", .start_ms = 999, .attributes = {{"code", "500"}}});
  Add({.trace = 3, .name = "resource", .start_ms = 998, .resource = {{"code", 500.0}}});
  Add({.trace = 4, .name = "other", .start_ms = 997, .attributes = {{"code", "5xx"}}});
  EXPECT_THAT(Found("code=500"), ElementsAre("int", "text", "resource"));
  EXPECT_THAT(Found("span.code=500"), ElementsAre("int", "text"));
  EXPECT_THAT(Found("resource.code>499.5"), ElementsAre("resource"));
  EXPECT_THAT(Found("code!=500"), ElementsAre("other"));
  EXPECT_THAT(Found("code~\"^5\""), ElementsAre("int", "text", "resource", "other"));
  EXPECT_THAT(Found("code exists name=other"), ElementsAre("other"));
}

TEST_P(StoreContract, TheSlowestComeFirstWhenAskedFor) {
  Add({.trace = 1, .name = "ten", .start_ms = 5000, .duration_ms = 10});
  Add({.trace = 2, .name = "thirty", .start_ms = 1000, .duration_ms = 30});
  Add({.trace = 3, .name = "twenty", .start_ms = 3000, .duration_ms = 20});
  Query query;
  query.order = Order::kSlowest;
  EXPECT_THAT(Found(query), ElementsAre("thirty", "twenty", "ten"));
  query.limit = 1;
  EXPECT_THAT(Found(query), ElementsAre("thirty", "twenty", "ten")) << "page by page";
}

TEST_P(StoreContract, PagesAreShortAndGoOn) {
  for (std::uint64_t trace = 1; trace <= 5; ++trace) Add({.trace = trace, .start_ms = trace});
  Query query;
  query.limit = 2;
  std::vector<std::size_t> sizes;
  do {
    const auto page = store_->Search(query, {});
    ASSERT_TRUE(page) << page.error().message;
    sizes.push_back(page->traces.size());
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
}

TEST_P(StoreContract, ATraceThatHasBecomeTheOldestIsOnTheLastPage) {
  for (std::uint64_t trace = 1; trace <= 3; ++trace) Add({.trace = trace, .start_ms = trace * 10});
  Add({.trace = 3, .id = 2, .start_ms = 1});
  Query query;
  query.limit = 1;
  std::vector<TraceId> ids;
  for (const TraceSummary& summary : SearchAll(*store_, query)) ids.push_back(summary.trace_id);
  EXPECT_THAT(ids, ElementsAre(TestTraceId(2), TestTraceId(1), TestTraceId(3)));
}

TEST_P(StoreContract, ATraceThatMovesWhileItIsPagedIsListedOnce) {
  for (std::uint64_t trace = 1; trace <= 4; ++trace) Add({.trace = trace, .start_ms = trace * 10});
  Query query;
  query.limit = 2;
  const auto first = store_->Search(query, {});
  ASSERT_TRUE(first);
  ASSERT_EQ(first->traces.size(), 2u);
  // The newest becomes the oldest, and the oldest but one of the rest grows.
  Add({.trace = 4, .id = 2, .start_ms = 1});
  Add({.trace = 2, .id = 2, .start_ms = 35});
  query.cursor = first->next_cursor;
  std::vector<TraceId> ids;
  for (const TraceSummary& summary : first->traces) ids.push_back(summary.trace_id);
  for (const TraceSummary& summary : SearchAll(*store_, query)) ids.push_back(summary.trace_id);
  EXPECT_THAT(ids,
              UnorderedElementsAre(TestTraceId(1), TestTraceId(2), TestTraceId(3), TestTraceId(4)));
}

TEST_P(StoreContract, ASpentBudgetGivesAPartialAnswer) {
  Add({.trace = 1});
  for (const Order order : {Order::kNewest, Order::kSlowest}) {
    Query query;
    query.order = order;
    const auto late = store_->Search(query, {.deadline = std::chrono::steady_clock::now()});
    ASSERT_TRUE(late);
    EXPECT_EQ(late->partial, Partial::kDeadline);
    EXPECT_NE(late->partial_detail, "");
    const auto cancelled = store_->Search(query, {.cancelled = [] { return true; }});
    ASSERT_TRUE(cancelled);
    EXPECT_EQ(cancelled->partial, Partial::kCancelled);
    EXPECT_EQ(cancelled->next_cursor.empty(), order == Order::kSlowest);
    // What follows a partial page of the newest is all that it lacks.
    query.cursor = cancelled->next_cursor;
    EXPECT_EQ(cancelled->traces.size() + SearchAll(*store_, query).size(), 1u);
  }
}

TEST_P(StoreContract, WrongQueriesAreRefused) {
  const auto code_of = [&](const Query& query) {
    const auto page = store_->Search(query, {});
    return page ? Code::kInternal : page.error().code;
  };
  EXPECT_EQ(code_of(Ask("name~\"(\"")), Code::kInvalid);
  Query query;
  query.cursor = "nonsense";
  EXPECT_EQ(code_of(query), Code::kInvalid);
  query = {};
  query.limit = 0;
  EXPECT_EQ(code_of(query), Code::kInvalid);
}

TEST_P(StoreContract, SpansComeInOrderOfTheirStart) {
  Add({.id = 1, .start_ms = 30});
  Add({.id = 2, .start_ms = 10});
  Add({.id = 4, .start_ms = 20});
  Add({.id = 3, .start_ms = 20});
  std::vector<std::uint64_t> starts;
  std::vector<SpanId> ids;
  for (const SpanRecord& span : ReadAll(*store_, TestTraceId(1))) {
    starts.push_back(ToUint64(span.start) / 1'000'000);
    ids.push_back(span.span_id);
  }
  EXPECT_THAT(starts, ElementsAre(10, 20, 20, 30));
  EXPECT_LT(ids[1], ids[2]);
}

TEST_P(StoreContract, KnowsTheOperationsOfAService) {
  Add({.id = 1, .name = "GET /", .start_ms = 1000});
  Add({.id = 2, .name = "GET /", .start_ms = 2000});
  Add({.id = 3, .name = "GET /", .kind = 3});
  Add({.id = 4, .service = "db", .name = "SELECT"});
  const auto operations = store_->Operations("shop");
  ASSERT_TRUE(operations);
  EXPECT_FALSE(operations->truncated);
  const auto seen = [](std::uint64_t ms) { return UnixNanosFrom(ms * 1'000'000); };
  EXPECT_THAT(operations->items, ElementsAre(OperationInfo{"GET /", 2, 2, seen(2010)},
                                             OperationInfo{"GET /", 3, 1, seen(1010)}));
  EXPECT_THAT(store_->Operations("nobody")->items, ElementsAre());
}

TEST_P(StoreContract, KnowsTheKeysOfAttributes) {
  Add({.id = 1, .attributes = {{"a", "x"}, {"a", "y"}}, .resource = {{"host", "h"}}});
  Add({.id = 2, .attributes = {{"host", "h"}}});
  const auto keys = store_->AttributeKeys();
  ASSERT_TRUE(keys);
  using Info = AttributeKeyInfo;
  EXPECT_THAT(keys->items, ElementsAre(Info{"a", AttributeScope::kSpan, 1},
                                       Info{"host", AttributeScope::kSpan, 1},
                                       Info{"host", AttributeScope::kResource, 1},
                                       Info{"payload", AttributeScope::kSpan, 2},
                                       Info{"service.name", AttributeScope::kResource, 2}));
}

TEST_P(StoreContract, CallsBetweenServicesAreCountedInEitherOrderOfArrival) {
  Add({.trace = 1, .id = 2, .parent = 1, .service = "db", .start_ms = 1001, .error = true});
  Add({.trace = 1, .id = 1, .service = "shop"});
  Add({.trace = 2, .id = 1, .service = "shop"});
  Add({.trace = 2, .id = 2, .parent = 1, .service = "shop"});  // no call between services
  Add({.trace = 2,
       .id = 3,
       .parent = 2,
       .service = "db",
       .duration_ms = 30,
       .trace_state = "ot=th:8"});
  Add({.trace = 3, .id = 9, .parent = 8, .service = "db"});  // its parent never comes
  const auto graph = store_->Dependencies(UnixNanos{}, UnixNanos::max());
  ASSERT_TRUE(graph);
  ASSERT_EQ(graph->edges.size(), 1u);
  const Dependency& edge = graph->edges[0];
  EXPECT_EQ(edge.caller, "shop");
  EXPECT_EQ(edge.callee, "db");
  EXPECT_DOUBLE_EQ(edge.calls, 3) << "one, and one that stands for two";
  EXPECT_DOUBLE_EQ(edge.errors, 1);
  const auto near = [](std::chrono::nanoseconds found, double ms) {
    return std::abs(static_cast<double>(found.count()) / 1e6 - ms) <= 0.02 * ms;
  };
  EXPECT_PRED2(near, edge.p50, 30);
  EXPECT_PRED2(near, edge.p99, 30);
}

TEST_P(StoreContract, PrefixesFindTheirTraces) {
  Add({.trace = 1});
  Add({.trace = 0x10});
  const std::string hex = TestTraceId(1).ToHex();
  EXPECT_THAT(*store_->FindByPrefix(hex.substr(0, 8), 10), ElementsAre(TestTraceId(1)));
  EXPECT_THAT(*store_->FindByPrefix("000000", 10), ElementsAre(TestTraceId(1), TestTraceId(0x10)));
  EXPECT_THAT(*store_->FindByPrefix("000000", 1), ElementsAre(TestTraceId(1)));
  EXPECT_THAT(*store_->FindByPrefix("0000001", 10), ElementsAre(TestTraceId(0x10)));
  EXPECT_THAT(*store_->FindByPrefix("ff", 10), ElementsAre());
}

TEST_P(StoreContract, CountsServicesAndKnowsTheOldestTrace) {
  EXPECT_EQ(store_->Stats().oldest, UnixNanos{});
  Add({.id = 1, .start_ms = 1000});
  Add({.id = 2, .start_ms = 900});
  Add({.trace = 2, .service = "db", .start_ms = 5000});
  const auto services = store_->Services();
  ASSERT_TRUE(services);
  ASSERT_EQ(services->size(), 2u);
  EXPECT_EQ((*services)[0].name, "db");
  EXPECT_EQ((*services)[1].span_count, 2u);
  EXPECT_EQ((*services)[1].last_seen, UnixNanosFrom(1'010'000'000));
  EXPECT_EQ(store_->Stats().oldest, UnixNanosFrom(900'000'000));
  EXPECT_EQ(store_->Stats().traces, 2u);
}

TEST_P(StoreContract, AnUnknownTraceIsNotFound) {
  const Status read = store_->ReadTrace(TestTraceId(1), [](const SpanRecord&) { return true; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kNotFound);
}

TEST_P(StoreContract, ReadingStopsWhenTheReaderHasEnough) {
  for (std::uint64_t id = 1; id <= 5; ++id) Add({.id = id});
  int seen = 0;
  ASSERT_TRUE(store_->ReadTrace(TestTraceId(1), [&](const SpanRecord&) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace clew::store
