// Tiers of retention: which traces stay, that they stay whole, and what is left of the others.
#include "store/engine/tiers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <random>

#include "store/memory_store.h"
#include "store/rocks_store.h"
#include "tiered_store.h"

namespace clew::store {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Tiers, AgeCountsFromTheEndOfTheHour) {
  const Tiers tiers(kPolicy, kNow);
  EXPECT_EQ(tiers.Of(kHour + 9), Tier::kAll);
  EXPECT_EQ(tiers.Of(kHour - 3), Tier::kAll);
  EXPECT_EQ(tiers.Of(kHour - 4), Tier::kSample);
  EXPECT_EQ(tiers.Of(kHour - 6), Tier::kSample);
  EXPECT_EQ(tiers.Of(kHour - 7), Tier::kErrors);
  EXPECT_EQ(tiers.Of(0), Tier::kErrors);
}

TEST(Tiers, AnUnusedTierIsPassedOver) {
  EXPECT_EQ(Tiers({}, kNow).Of(0), Tier::kAll);
  EXPECT_EQ(Tiers({.keep_all = hours(2)}, kNow).Of(kHour - 4), Tier::kErrors);
}

TEST(Tiers, EndOfTierIsTheHourAfterWhichTheNextOneBegins) {
  for (const std::uint32_t bucket : {kHour - 1, kHour - 3, kHour - 4, kHour - 5}) {
    const Tiers tiers(kPolicy, kNow);
    const UnixNanos end{hours(tiers.EndOfTier(bucket))};
    EXPECT_EQ(Tiers(kPolicy, end).Of(bucket), tiers.Of(bucket)) << bucket;
    EXPECT_GT(Tiers(kPolicy, end + std::chrono::nanoseconds(1)).Of(bucket), tiers.Of(bucket));
  }
}

TEST(Tiers, ErrorsStaySlowOnesUntilTheLastTierAndTheSampleGrowsWithItsShare) {
  const Tiers tiers(kPolicy, kNow);
  Summary error;
  error.error_count = 1;
  Summary slow;
  slow.end = slow.start + std::chrono::milliseconds(500);
  EXPECT_TRUE(tiers.Keeps(Tier::kErrors, TestTraceId(1), error));
  EXPECT_TRUE(tiers.Keeps(Tier::kSample, TestTraceId(1), slow));
  EXPECT_FALSE(tiers.Keeps(Tier::kErrors, TestTraceId(1), slow));
  RetentionPolicy policy = kPolicy;
  std::size_t before = 0;
  for (const std::uint32_t percent : {0u, 10u, 50u, 100u}) {
    policy.sample_percent = percent;
    std::size_t kept = 0;
    for (std::uint64_t trace = 0; trace < 2000; ++trace) {
      kept += Tiers(policy, kNow).Keeps(Tier::kSample, TestTraceId(trace), {}) ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(kept), 20.0 * percent, 90) << percent;
    EXPECT_GE(kept, before);
    before = kept;
  }
}

// Trace 3n is slow, 3n + 1 has an error, 3n + 2 neither.
SpanBatch Mixed(std::uint64_t traces) {
  SpanBatch batch;
  for (std::uint64_t trace = 0; trace < traces; ++trace) {
    batch.push_back(MakeSpan({.trace = trace,
                              .id = 1,
                              .service = trace % 3 == 2 ? "dull" : "shop",
                              .start_ms = 1000 + trace,
                              .duration_ms = trace % 3 == 0 ? 500u : 10u}));
    batch.push_back(MakeSpan({.trace = trace,
                              .id = 2,
                              .parent = 1,
                              .service = "db",
                              .start_ms = 1001 + trace,
                              .error = trace % 3 == 1,
                              .attributes = {{trace % 3 == 2 ? "dull.key" : "key", true}}}));
  }
  return batch;
}

TEST_F(TieredStore, ASegmentGoesThroughTheTiersOnceEach) {
  Open();
  Append(Mixed(30));
  EXPECT_EQ(Retain().rewritten, 0u);
  hour_ = kHour + 4;
  const auto would = store_->Retain(kPolicy, true);
  EXPECT_EQ(would->sampled.spans, 20u);
  EXPECT_EQ(would->sampled.traces, 10u);
  EXPECT_GT(would->sampled.bytes, 0u);
  EXPECT_EQ(store_->Stats().spans, 60u);
  EXPECT_EQ(Retain().sampled.spans, 20u);
  EXPECT_EQ(SearchAll(*store_, Query{}).size(), 20u);
  EXPECT_EQ(store_->Stats().traces, 20u);
  EXPECT_EQ(SpansOf(2), 0u);
  EXPECT_THAT(*store_->FindByPrefix(TestTraceId(2).ToHex(), 5), IsEmpty());
  Open();
  EXPECT_EQ(Retain().rewritten, 0u);
  hour_ = kHour + 7;
  EXPECT_EQ(Retain().without_errors.spans, 20u);
  EXPECT_EQ(SearchAll(*store_, Ask("status=error")).size(), 10u);
  EXPECT_EQ(store_->Stats().spans, 20u);
  EXPECT_EQ(SpansOf(1), 2u);
  EXPECT_EQ(Retain().rewritten, 0u);
}

TEST_F(TieredStore, ServicesOperationsAndKeysThatAreGoneAreNotListed) {
  Open();
  Append(Mixed(30));
  hour_ = kHour + 4;
  Retain();
  for (int opened = 0; opened < 2; ++opened) {
    const auto services = *store_->Services();
    ASSERT_EQ(services.size(), 2u);
    EXPECT_EQ(services[0].name + std::to_string(services[0].span_count), "db20");
    EXPECT_EQ(services[1].name + std::to_string(services[1].span_count), "shop20");
    EXPECT_EQ(store_->Operations("shop")->items.front().span_count, 20u);
    EXPECT_THAT(store_->Operations("dull")->items, IsEmpty());
    const auto keys = store_->AttributeKeys();
    for (const AttributeKeyInfo& key : keys->items) EXPECT_NE(key.key, "dull.key");
    Open();
  }
  // The calls did happen. They go with the last of what came in their hour or before.
  EXPECT_EQ(store_->Dependencies({}, UnixNanos::max())->edges.size(), 2u);
  RetentionPolicy policy = kPolicy;
  policy.max_age = hours(6);
  hour_ = kHour + 8;
  Retain(policy);
  EXPECT_EQ(store_->Stats().spans, 0u);
  EXPECT_THAT(*store_->Services(), IsEmpty());
  EXPECT_THAT(store_->Dependencies({}, UnixNanos::max())->edges, IsEmpty());
}

TEST_F(TieredStore, CallsOfAnHourWithoutAnySpanLeftGoByTheirAge) {
  Open();
  Append({MakeSpan({.id = 1}), MakeSpan({.id = 2, .parent = 1, .service = "db"})});
  RetentionPolicy policy = kPolicy;
  policy.max_age = hours(9);
  hour_ = kHour + 7;
  Retain(policy);
  EXPECT_EQ(store_->GetHealth().segments, 0u);
  EXPECT_EQ(store_->Dependencies({}, UnixNanos::max())->edges.size(), 1u);
  hour_ = kHour + 11;
  Retain(policy);
  EXPECT_THAT(store_->Dependencies({}, UnixNanos::max())->edges, IsEmpty());
}

TEST_F(TieredStore, ATraceOfSeveralHoursIsJudgedByItsNewestSpansAndAsAWhole) {
  Open();
  Append({MakeSpan({.trace = 1, .id = 1}), MakeSpan({.trace = 2, .id = 1}),
          MakeSpan({.trace = 3, .id = 1})});
  hour_ = kHour + 2;
  Append({MakeSpan({.trace = 1, .id = 2, .error = true}), MakeSpan({.trace = 2, .id = 2})});
  hour_ = kHour + 4;
  EXPECT_EQ(Retain().sampled.spans, 1u);  // trace 3
  EXPECT_EQ(SpansOf(1), 2u);
  EXPECT_EQ(SpansOf(2), 2u);
  EXPECT_EQ(Retain().rewritten, 0u);  // until the other hour is old enough
  hour_ = kHour + 6;
  EXPECT_EQ(Retain().sampled.spans, 2u);  // trace 2, both of its parts
  EXPECT_EQ(SpansOf(1), 2u);
  EXPECT_EQ(SpansOf(2), 0u);
  hour_ = kHour + 100;
  Retain();
  EXPECT_EQ(SpansOf(1), 2u);
  EXPECT_EQ(store_->Stats().traces, 1u);
}

TEST_F(TieredStore, SpansThatComeAfterTheirTraceWentAreATraceOfTheirOwn) {
  Open();
  Append({MakeSpan({.id = 1})});
  hour_ = kHour + 4;
  Retain();
  EXPECT_EQ(SpansOf(1), 0u);
  Append({MakeSpan({.id = 1}), MakeSpan({.id = 2, .error = true})});
  EXPECT_EQ(SpansOf(1), 2u);
  EXPECT_EQ(SearchAll(*store_, Query{}).front().span_count, 2u);
  EXPECT_EQ(store_->Stats().spans, 2u);
  hour_ = kHour + 100;
  Retain();
  EXPECT_EQ(SpansOf(1), 2u);
}

TEST_F(TieredStore, HotSpansKeepTheirTrace) {
  Open();
  Append({MakeSpan({.trace = 1, .id = 1}), MakeSpan({.trace = 2, .id = 1})});
  hour_ = kHour + 4;
  ASSERT_TRUE(store_->Append({MakeSpan({.trace = 1, .id = 2})}));
  EXPECT_EQ(Retain().sampled.spans, 1u);
  EXPECT_EQ(SpansOf(1), 2u);
  ASSERT_TRUE(store_->Append({MakeSpan({.trace = 1, .id = 3})}));
  ASSERT_TRUE(store_->Seal());
  EXPECT_EQ(SpansOf(1), 3u);
  EXPECT_EQ(SearchAll(*store_, Query{}).front().span_count, 3u);
  hour_ = kHour + 8;
  Retain();
  EXPECT_EQ(store_->Stats().spans, 0u);
}

TEST_F(TieredStore, WhatIsLeftOfAnHourIsPutTogether) {
  Open(100);
  for (std::uint64_t trace = 0; trace < 120; ++trace) {
    Append({MakeSpan({.trace = trace % 60, .id = trace + 1, .error = trace % 60 < 20})});
  }
  EXPECT_EQ(store_->GetHealth().segments, 120u);
  hour_ = kHour + 4;
  Retain();
  EXPECT_EQ(store_->GetHealth().segments, 1u);
  EXPECT_EQ(store_->Stats().spans, 40u);
  EXPECT_EQ(store_->Stats().traces, 20u);
  for (std::uint64_t trace = 0; trace < 20; ++trace) EXPECT_EQ(SpansOf(trace), 2u);
  EXPECT_EQ(SearchAll(*store_, Query{}).size(), 20u);
}

// The keys of all segments of a store that is closed.
std::vector<std::string> SegmentsOf(const std::string& path) {
  rocksdb::DB* opened = nullptr;
  CLEW_CHECK(rocksdb::DB::OpenForReadOnly({}, path, &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  const std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator({}));
  std::vector<std::string> keys;
  for (rows->Seek(std::string(kMetaPrefix)); rows->Valid(); rows->Next()) {
    if (rows->key().starts_with(std::string(kMetaPrefix))) keys.push_back(rows->key().ToString());
  }
  return keys;
}

TEST_F(TieredStore, ASegmentOfWhichEverythingStaysIsNotCopied) {
  Open(10);
  SpanBatch batch;
  for (std::uint64_t trace = 0; trace < 43; ++trace) {  // the last segment is a small one
    batch.push_back(MakeSpan({.trace = trace, .error = true}));
  }
  Append(batch);
  store_.reset();
  const auto before = SegmentsOf(dir_.path());
  EXPECT_EQ(before.size(), 5u);
  Open(10);
  hour_ = kHour + 4;
  EXPECT_EQ(Retain().rewritten, 5u);
  EXPECT_EQ(store_->Stats().spans, 43u);
  store_.reset();
  EXPECT_EQ(SegmentsOf(dir_.path()), before);
}

// Traces of an hour each, their spans in any order: what the store counts of the hours that it
// keeps is what a store counts that has seen no others.
TEST_F(TieredStore, CallsAreThoseOfTheHoursThatAreKept) {
  std::mt19937_64 random(7);
  const std::vector<std::string> services = {"a", "b", "c"};
  std::vector<SpanBatch> by_hour;
  Open();
  for (std::uint64_t hour = 0; hour < 6; ++hour) {
    hour_ = kHour + static_cast<std::uint32_t>(hour);
    SpanBatch batch;
    for (std::uint64_t id = 1; id <= 60; ++id) {
      // Times that senders make up, as well: hours of before and of after.
      const std::uint64_t start_ms = (kHour + random() % 4) * 3'600'000ull;
      batch.push_back(MakeSpan({.trace = hour * 10 + id % 10,
                                .id = id,
                                .parent = id > 10 ? id - 10 : 0,
                                .service = services[random() % services.size()],
                                .start_ms = random() % 9 == 0 ? random() % 1000 : start_ms,
                                .error = random() % 3 == 0}));
    }
    std::shuffle(batch.begin(), batch.end(), random);
    by_hour.push_back(batch);
    Append(batch);
    if (random() % 2 == 0) Open();
  }
  RetentionPolicy policy = kPolicy;
  policy.keep_all = policy.keep_sample = policy.max_age = hours(3);
  for (; hour_ < kHour + 11; ++hour_) {
    Retain(policy);
    if (random() % 2 == 0) Open();
    MemoryStore model;
    for (std::uint32_t hour = 0; hour < by_hour.size(); ++hour) {
      if (hour_ - (kHour + hour + 1) <= 3 || kHour + hour >= hour_) {
        ASSERT_TRUE(model.Append(by_hour[hour]));
      }
    }
    const auto lines = [](SpanStore& store) {
      std::vector<std::string> calls;
      const auto graph = store.Dependencies({}, UnixNanos::max());
      for (const Dependency& edge : graph->edges) {
        calls.push_back(edge.caller + " " + edge.callee + " " + std::to_string(edge.calls) + " " +
                        std::to_string(edge.errors));
      }
      return calls;
    };
    EXPECT_EQ(lines(*store_), lines(model)) << hour_ - kHour;
    EXPECT_EQ(*store_->Services(), *model.Services());
    EXPECT_EQ(store_->Stats().spans, model.Stats().spans);
  }
}

TEST_F(TieredStore, AnAnswerThatIsBeingReadStillSeesWhatGoes) {
  constexpr std::uint64_t kSpans = 12'000;  // more than are read at a time
  for (const bool whole_hour : {true, false}) {
    Open(1000);
    SpanBatch batch;
    for (std::uint64_t id = 1; id <= kSpans; ++id) {
      batch.push_back(MakeSpan({.id = id, .start_ms = 1000 + id % 50, .duration_ms = 1}));
    }
    Append(batch);
    Open(1000);  // from tables, not from memory
    hour_ += 4;
    std::size_t read = 0;
    const Status all = store_->ReadTrace(TestTraceId(1), [&](const SpanRecord&) {
      if (++read == 1) Retain(whole_hour ? RetentionPolicy{.max_bytes = 1} : kPolicy);
      return true;
    });
    EXPECT_TRUE(all) << all.error().message;
    EXPECT_EQ(read, kSpans);
    EXPECT_EQ(SpansOf(1), 0u);
    EXPECT_EQ(store_->Stats().spans, 0u);
    EXPECT_TRUE(store_->Retain(kPolicy, false));  // frees what was seen
  }
}

}  // namespace
}  // namespace clew::store
