// Retention.
#include "store/engine/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "open_store.h"
#include "test_spans.h"

namespace clew::store {
namespace {

constexpr std::uint32_t kNowHour = 500'000;

UnixNanos Now() { return UnixNanos(std::chrono::hours(kNowHour)); }

// Two segments of 100 bytes in each of the ten hours before now.
Catalog TenHours() {
  Catalog catalog;
  for (std::uint32_t i = 0; i < 20; ++i) {
    SegmentMeta meta;
    meta.key = {kNowHour - 10 + i / 2, i};
    meta.rows = 8;
    meta.traces = meta.new_traces = 2;
    meta.bytes = 100;
    catalog.emplace(meta.key, std::make_shared<const SegmentMeta>(meta));
  }
  return catalog;
}

TEST(Retention, KeepsEverythingWithoutAPolicy) {
  EXPECT_TRUE(PlanRetention(TenHours(), {}, Now(), 0).drop.empty());
}

TEST(Retention, AgeCountsFromTheEndOfTheHour) {
  const auto plan = PlanRetention(TenHours(), {.max_age = std::chrono::hours(6)}, Now(), 0);
  EXPECT_EQ(plan.report.segments, 6u);  // the hours that ended 9, 8 and 7 hours ago
  EXPECT_EQ(plan.report.spans, 48u);
  EXPECT_EQ(plan.drop.back().bucket, kNowHour - 8);
}

TEST(Retention, BytesAndFreeSpaceTakeWholeHoursOldestFirst) {
  EXPECT_EQ(PlanRetention(TenHours(), {.max_bytes = 1950}, Now(), 0).report.bytes, 200u);
  EXPECT_EQ(PlanRetention(TenHours(), {.max_bytes = 1700}, Now(), 0).report.bytes, 400u);
  EXPECT_EQ(PlanRetention(TenHours(), {.min_free_bytes = 1000}, Now(), 700).report.bytes, 400u);
  EXPECT_EQ(PlanRetention(TenHours(), {.min_free_bytes = 1000}, Now(), 1000).report.bytes, 0u);
}

TEST(Retention, ForgottenTracesAreThoseWithoutAnyPartLeft) {
  DropForgottenTraces filter;
  filter.SetFirstBucket(8);
  const auto drops = [&](const std::vector<SegmentKey>& parts) {
    return filter.Filter(0, "", EncodeParts(parts), nullptr, nullptr);
  };
  EXPECT_TRUE(drops({{6, 1}, {7, 2}}));
  EXPECT_FALSE(drops({{6, 1}, {8, 2}}));
  EXPECT_FALSE(filter.Filter(0, "", "damaged", nullptr, nullptr));
}

std::unique_ptr<RocksStore> Open(const std::string& path) {
  return OpenStore({.path = path, .segment_rows = 10});
}

SpanBatch Traces(std::uint64_t first, std::uint64_t count) {
  SpanBatch batch;
  for (std::uint64_t i = first; i < first + count; ++i) batch.push_back(MakeSpan({.trace = i}));
  return batch;
}

TEST(Retention, WhatIsDroppedIsGoneAndTheRestIsThere) {
  TempDir dir;
  auto store = Open(dir.path());
  ASSERT_TRUE(store->Append(Traces(1, 50)));
  ASSERT_TRUE(store->Seal());
  ASSERT_TRUE(store->Append(Traces(100, 5)));  // stays hot
  const auto would = store->Retain({.max_bytes = 1}, true);
  ASSERT_TRUE(would);
  EXPECT_EQ(would->spans, 50u);
  EXPECT_EQ(store->Stats().spans, 55u);
  const auto did = store->Retain({.max_bytes = 1}, false);
  ASSERT_TRUE(did) << did.error().message;
  EXPECT_EQ(did->spans, 50u);
  EXPECT_EQ(store->Stats().spans, 5u);
  EXPECT_EQ(store->Stats().traces, 5u);
  EXPECT_EQ(SearchAll(*store, Query{}).size(), 5u);
  EXPECT_TRUE(ReadAll(*store, TestTraceId(1)).empty());
  EXPECT_TRUE(store->FindByPrefix(TestTraceId(1).ToHex(), 5)->empty());
  ASSERT_TRUE(store->Append(Traces(1, 1)));  // may come again
  store.reset();
  store = Open(dir.path());
  EXPECT_EQ(store->Stats().spans, 6u);
  EXPECT_EQ(ReadAll(*store, TestTraceId(1)).size(), 1u);
}

// A clock that was ahead: what comes after it was set right is older, by the store's reckoning,
// than what retention has left.
TEST(Retention, TracesSurviveAClockThatWasSetBack) {
  TempDir dir;
  std::atomic<std::uint32_t> hour{1000};
  const auto store = OpenStore(
      {.path = dir.path(), .clock = [&hour] { return UnixNanos(std::chrono::hours(hour)); }});
  ASSERT_TRUE(store->Append(Traces(1, 5)));
  ASSERT_TRUE(store->Seal());
  hour = 2000;
  ASSERT_TRUE(store->Append(Traces(10, 5)));
  ASSERT_TRUE(store->Seal());
  const auto dropped = store->Retain({.max_age = std::chrono::hours(500)}, false);
  ASSERT_TRUE(dropped);
  EXPECT_EQ(dropped->spans, 5u);
  hour = 1100;
  ASSERT_TRUE(store->Append(Traces(20, 5)));
  ASSERT_TRUE(store->Seal());
  ASSERT_TRUE(store->Backup(dir.path() + "/backup", {}));  // writes memory out to tables
  ASSERT_TRUE(store->Compact({}));
  EXPECT_EQ(ReadAll(*store, TestTraceId(20)).size(), 1u);
  EXPECT_EQ(ReadAll(*store, TestTraceId(10)).size(), 1u);
  EXPECT_TRUE(ReadAll(*store, TestTraceId(1)).empty());
}

}  // namespace
}  // namespace clew::store
