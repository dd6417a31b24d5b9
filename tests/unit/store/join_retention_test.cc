// Traces that are one stay or go as one, and what joined them goes with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fault_env.h"
#include "join_spans.h"
#include "store/engine/tiers.h"
#include "store/rocks_db.h"
#include "tiered_store.h"

namespace clew::store {
namespace {

class JoinRetention : public TieredStore {
 protected:
  // Calls 0 to `count` - 1: trace 2n calls trace 2n + 1.
  void AppendCalls(std::uint64_t count, bool error = false) {
    for (std::uint64_t call = 0; call < count; ++call) {
      TestSpan server = CallEnd(false, 2 * call + 1, static_cast<std::int64_t>(call));
      server.error = error;
      Append({MakeSpan(CallEnd(true, 2 * call, static_cast<std::int64_t>(call)))});
      Append({MakeSpan(server)});
    }
  }
  // Of the family `alias`, when RocksDB has written its tables and rewritten them. Closes the
  // store.
  std::size_t AliasRowsLeft() {
    Open();
    EXPECT_TRUE(store_->Compact({}));
    store_.reset();
    const auto db = RocksDb::OpenReadOnly(dir_.path(), RocksDb::Reading::kStrict);
    CLEW_CHECK(db.has_value());
    std::size_t rows = 0;
    const std::unique_ptr<rocksdb::Iterator> at((*db)->db().NewIterator({}, (*db)->alias()));
    for (at->SeekToFirst(); at->Valid(); at->Next()) ++rows;
    return rows;
  }
};

TEST_F(JoinRetention, AnErrorOnOneSideKeepsBoth) {
  Open();
  AppendCalls(1, true);
  Append({MakeSpan({.trace = 9})});
  hour_ = kHour + 100;
  EXPECT_EQ(Retain().without_errors.spans, 1u);
  EXPECT_EQ(SpansOf(0), 2u);
  EXPECT_EQ(SpansOf(1), 2u);
  EXPECT_EQ(SearchAll(*store_, Query{}).size(), 1u);
  EXPECT_EQ(AliasRowsLeft(), 3u);
}

TEST_F(JoinRetention, WhatIsDullOnBothSidesGoesWithItsAliases) {
  Open();
  AppendCalls(7);
  hour_ = kHour + 4;
  EXPECT_EQ(Retain().sampled.spans, 14u);
  EXPECT_EQ(SpansOf(0), 0u);
  EXPECT_EQ(SearchAll(*store_, Query{}).size(), 0u);
  EXPECT_EQ(AliasRowsLeft(), 0u);
}

TEST_F(JoinRetention, TheSampleIsOfWholeTraces) {
  RetentionPolicy policy = kPolicy;
  policy.sample_percent = 50;
  Open();
  constexpr std::uint64_t kCalls = 40;
  AppendCalls(kCalls);
  hour_ = kHour + 4;
  Retain(policy);
  const Tiers tiers(policy, UnixNanos(std::chrono::hours(hour_)));
  for (std::uint64_t call = 0; call < kCalls; ++call) {
    const bool kept = tiers.Keeps(Tier::kSample, TestTraceId(2 * call), {});
    EXPECT_EQ(SpansOf(2 * call), kept ? 2u : 0u) << call;
    EXPECT_EQ(SpansOf(2 * call + 1), kept ? 2u : 0u) << call;
  }
}

TEST_F(JoinRetention, TheNewestSpanOfAnyOfThemSaysWhenTheyAreJudged) {
  Open();
  AppendCalls(1);
  hour_ = kHour + 3;
  Append({MakeSpan({.trace = 1, .id = 50, .parent = 1})});
  hour_ = kHour + 5;
  EXPECT_EQ(Retain().sampled.spans, 0u);
  EXPECT_EQ(SpansOf(0), 3u);
  hour_ = kHour + 7;
  EXPECT_EQ(Retain().sampled.spans, 3u);
  EXPECT_EQ(AliasRowsLeft(), 0u);
}

TEST_F(JoinRetention, HotSpansOfOneKeepTheOther) {
  Open();
  AppendCalls(1);
  hour_ = kHour + 4;
  ASSERT_TRUE(store_->Append({MakeSpan({.trace = 1, .id = 50, .parent = 1})}));
  EXPECT_EQ(Retain().sampled.spans, 0u);
  EXPECT_EQ(SpansOf(0), 3u);
}

TEST_F(JoinRetention, WhatJoinedSpansThatAreGoneCountsNoMore) {
  Open();
  AppendCalls(1);
  hour_ = kHour + 1;
  ASSERT_TRUE(store_->Retain({.max_bytes = 1}, false));
  Append({MakeSpan({.trace = 0, .id = 5}), MakeSpan({.trace = 1, .id = 6})});
  EXPECT_EQ(SpansOf(0), 1u);
  EXPECT_EQ(SearchAll(*store_, Query{}).size(), 2u);
  hour_ = kHour + 2;
  Append({MakeSpan({.trace = 7, .id = 5})});
  EXPECT_EQ(AliasRowsLeft(), 0u);
}

TEST_F(JoinRetention, AReopenedStoreStillKnowsWhoBelongsTogether) {
  Open();
  AppendCalls(3, true);
  hour_ = kHour + 100;
  Open();
  EXPECT_EQ(Retain().without_errors.spans, 0u);
  EXPECT_EQ(SpansOf(4), 2u);
}

TEST_F(JoinRetention, ARewriteThatFailsLeavesThemTogether) {
  FaultEnv env;
  Open(10, &env);
  AppendCalls(3);
  hour_ = kHour + 4;
  env.Set(Fault::kTorn);
  EXPECT_FALSE(store_->Retain(kPolicy, false));
  EXPECT_EQ(SpansOf(0), 2u);
  Open();
  EXPECT_EQ(SpansOf(0), 2u);
  EXPECT_EQ(SearchAll(*store_, Query{}).size(), 3u);
  EXPECT_EQ(Retain().sampled.spans, 6u);
  EXPECT_EQ(AliasRowsLeft(), 0u);
}

}  // namespace
}  // namespace clew::store
