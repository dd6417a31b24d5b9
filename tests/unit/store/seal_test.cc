// What sealing must not change, and what the engine does beyond the contract of all stores.
#include <gtest/gtest.h>

#include "open_store.h"
#include "test_spans.h"

namespace clew::store {
namespace {

std::unique_ptr<RocksStore> Open(const TempDir& dir) {
  return OpenStore({.path = dir.path(), .segment_rows = 100});
}

TEST(Seal, ASpanThatComesAgainAfterItsTraceWasSealedIsStoredOnce) {
  TempDir dir;
  auto store = Open(dir);
  const SpanBatch batch = {MakeSpan({.id = 1}), MakeSpan({.id = 2, .parent = 1})};
  ASSERT_TRUE(store->Append(batch));
  ASSERT_TRUE(store->Seal());
  ASSERT_TRUE(store->Append(batch));
  EXPECT_EQ(store->Stats().spans, 2u);
  store.reset();  // what the writer remembered is gone
  store = Open(dir);
  ASSERT_TRUE(store->Append(batch));
  EXPECT_EQ(store->Stats().spans, 2u);
  EXPECT_EQ(store->GetHealth().hot_spans, 0u);
}

TEST(Seal, ALateSpanJoinsItsTraceAndChangesItsPlace) {
  TempDir dir;
  auto store = Open(dir);
  ASSERT_TRUE(store->Append({MakeSpan({.trace = 1, .id = 1, .start_ms = 1000})}));
  ASSERT_TRUE(
      store->Append({MakeSpan({.trace = 2, .id = 1, .start_ms = 2000, .duration_ms = 20})}));
  ASSERT_TRUE(store->Seal());
  const auto slowest = [&] {
    Query query = Ask("service=shop");
    query.order = Order::kSlowest;
    return SearchAll(*store, query);
  };
  EXPECT_EQ(slowest().front().trace_id, TestTraceId(2));
  for (const bool sealed : {false, true}) {
    if (!sealed) {
      ASSERT_TRUE(store->Append({MakeSpan({.trace = 1,
                                           .id = 2,
                                           .parent = 1,
                                           .service = "db",
                                           .start_ms = 1100,
                                           .duration_ms = 50})}));
    } else {
      ASSERT_TRUE(store->Seal());
    }
    const auto found = slowest();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found.front().trace_id, TestTraceId(1)) << sealed;
    EXPECT_EQ(found.front().span_count, 2u);
    EXPECT_EQ(found.front().services.size(), 2u);
  }
}

// What is unpacked of a segment has a bound, beyond which it counts as damaged.
TEST(Seal, SpansThatEachBringALargeResourceStayReadable) {
  TempDir dir;
  const auto store = OpenStore({.path = dir.path()});
  constexpr std::uint64_t kTraces = 4;
  constexpr std::uint64_t kSpans = 90;  // of each
  SpanBatch batch;
  for (std::uint64_t i = 0; i < kTraces * kSpans; ++i) {
    const std::string large(250'000, static_cast<char>('a' + i % 26));
    batch.push_back(MakeSpan({.trace = 1 + i / kSpans,
                              .id = i + 1,
                              .start_ms = 1000 + i,
                              .resource = {{"large", large}, {"number", std::to_string(i)}}}));
  }
  ASSERT_TRUE(store->Append(batch));
  ASSERT_TRUE(store->Seal());
  ASSERT_EQ(store->GetHealth().hot_spans, 0u);
  for (std::uint64_t trace = 1; trace <= kTraces; ++trace) {
    std::uint64_t spans = 0;
    const Status read = store->ReadTrace(TestTraceId(trace), [&](const SpanRecord& span) {
      spans += span.resource->size() > 250'000 ? 1 : 0;
      return true;
    });
    EXPECT_TRUE(read) << read.error().message;
    EXPECT_EQ(spans, kSpans);
  }
}

TEST(Seal, ATraceOfManySegmentsIsReadInOrderOfItsStarts) {
  TempDir dir;
  auto store = Open(dir);
  constexpr std::uint64_t kSpans = 20'000;
  // Every batch has spans from all over the trace.
  for (std::uint64_t first = 0; first < 40; ++first) {
    SpanBatch batch;
    for (std::uint64_t i = first; i < kSpans; i += 40) {
      batch.push_back(MakeSpan({.id = i + 1, .parent = i / 2, .start_ms = 1000 + i / 3}));
    }
    ASSERT_TRUE(store->Append(batch));
    if (first % 7 == 0) {
      ASSERT_TRUE(store->Seal());
    }
  }
  EXPECT_GT(store->GetHealth().segments, 100u);
  const auto spans = ReadAll(*store, TestTraceId(1));
  ASSERT_EQ(spans.size(), kSpans);
  for (std::uint64_t i = 0; i < kSpans; ++i) {
    ASSERT_EQ(spans[i].span,
              MakeSpan({.id = i + 1, .parent = i / 2, .start_ms = 1000 + i / 3}).span);
  }
}

TEST(Seal, FarOffTimesMakeOneSegmentMoreAndNotOneEach) {
  TempDir dir;
  auto store = Open(dir);
  SpanBatch batch;
  for (std::uint64_t i = 1; i <= 60; ++i) {
    batch.push_back(MakeSpan({.trace = i, .start_ms = i * 1'000'000'000}));
  }
  ASSERT_TRUE(store->Append(batch));
  ASSERT_TRUE(store->Seal());
  EXPECT_LE(store->GetHealth().segments, 3u);
}

TEST(Seal, CallsAreCountedAcrossPartsInEitherOrderOfArrival) {
  TempDir dir;
  auto store = Open(dir);
  ASSERT_TRUE(store->Append({MakeSpan({.trace = 1, .id = 1, .service = "shop"}),
                             MakeSpan({.trace = 2, .id = 2, .parent = 1, .service = "db"})}));
  ASSERT_TRUE(store->Seal());
  ASSERT_TRUE(store->Append({MakeSpan({.trace = 2, .id = 1, .service = "shop"}),
                             MakeSpan({.trace = 1, .id = 2, .parent = 1, .service = "db"})}));
  for (int i = 0; i < 2; ++i) {
    const auto graph = store->Dependencies({}, UnixNanos::max());
    ASSERT_TRUE(graph);
    ASSERT_EQ(graph->edges.size(), 1u);
    EXPECT_EQ(graph->edges[0].caller, "shop");
    EXPECT_EQ(graph->edges[0].callee, "db");
    EXPECT_EQ(graph->edges[0].calls, 2);
    ASSERT_TRUE(store->Seal());
  }
}

}  // namespace
}  // namespace clew::store
