// What was acknowledged before a restart is joined with what comes after it.
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>

#include "fault_env.h"
#include "join_spans.h"
#include "open_store.h"
#include "store/admin/directory_check.h"
#include "store/engine/retention.h"
#include "store/join/rows.h"
#include "test_spans.h"

namespace clew::store {
namespace {

std::unique_ptr<RocksStore> Open(const TempDir& dir, std::size_t seal_spans = 1'000'000,
                                 FaultEnv* env = nullptr) {
  return OpenStore({.path = dir.path(), .seal_spans = seal_spans, .env = env});
}

SpanRecord End(bool client, std::uint64_t trace, std::int64_t call = 7) {
  return MakeSpan(CallEnd(client, trace, call));
}

std::size_t SpansOf(SpanStore& store, std::uint64_t trace) {
  return ReadAll(store, TestTraceId(trace)).size();
}

double Calls(SpanStore& store) {
  const auto graph = store.Dependencies({}, UnixNanos::max());
  double calls = 0;
  for (const Dependency& edge : graph->edges) calls += edge.calls;
  return calls;
}

TEST(JoinRestart, AnEndThatWaitedIsJoinedAfterwards) {
  for (const std::size_t seal_spans : {1'000'000, 1}) {
    TempDir dir;
    auto store = Open(dir, seal_spans);
    ASSERT_TRUE(store->Append({End(true, 1)}));
    store.reset();
    store = Open(dir, seal_spans);
    ASSERT_TRUE(store->Append({End(false, 2)}));
    EXPECT_EQ(SpansOf(*store, 2), 2u);
    store.reset();
    store = Open(dir, seal_spans);
    EXPECT_EQ(SpansOf(*store, 1), 2u);
    EXPECT_EQ(SearchAll(*store, {}).size(), 1u);
  }
}

TEST(JoinRestart, AJoinedCallIsCountedOnceHotSealedAndReopened) {
  TempDir dir;
  auto store = Open(dir);
  ASSERT_TRUE(store->Append({End(true, 1)}));
  ASSERT_TRUE(store->Append({End(false, 2)}));
  EXPECT_EQ(Calls(*store), 1);
  store.reset();
  store = Open(dir);
  EXPECT_EQ(Calls(*store), 1) << "hot";
  ASSERT_TRUE(store->Seal());
  EXPECT_EQ(Calls(*store), 1);
  store.reset();
  store = Open(dir);
  EXPECT_EQ(Calls(*store), 1) << "sealed";
}

TEST(JoinRestart, AThirdEndIsNotJoinedAfterwardsEither) {
  TempDir dir;
  auto store = Open(dir);
  ASSERT_TRUE(store->Append({End(false, 1), End(false, 2)}));
  store.reset();
  store = Open(dir);
  ASSERT_TRUE(store->Append({End(true, 3)}));
  for (const std::uint64_t trace : {1, 2, 3}) EXPECT_EQ(SpansOf(*store, trace), 1u);
}

TEST(JoinRestart, WhatAFailedWriteWouldHaveJoinedIsJoinedWhenItIsRepeated) {
  TempDir dir;
  FaultEnv env;
  auto store = Open(dir, 1'000'000, &env);
  ASSERT_TRUE(store->Append({End(true, 1)}));
  env.Set(Fault::kError);
  ASSERT_FALSE(store->Append({End(false, 2)}));
  EXPECT_EQ(SpansOf(*store, 1), 1u);
  env.Set(Fault::kNone);
  store.reset();
  store = Open(dir);
  EXPECT_EQ(SpansOf(*store, 1), 1u);
  ASSERT_TRUE(store->Append({End(false, 2)}));
  EXPECT_EQ(SpansOf(*store, 1), 2u);
  EXPECT_EQ(Calls(*store), 1);
}

TEST(JoinRestart, ACursorGoesThroughAllTheTracesInOneOrder) {
  TempDir dir;
  const auto store = Open(dir);
  ASSERT_TRUE(store->Append({End(true, 1), End(false, 2)}));
  constexpr std::uint64_t kSpans = 6000;  // of each: more than a window takes
  for (const std::uint64_t trace : {1, 2}) {
    SpanBatch batch;
    for (std::uint64_t i = 0; i < kSpans; ++i) {
      batch.push_back(MakeSpan(
          {.trace = trace, .id = 10 + i, .parent = trace, .start_ms = 2000 + 2 * i + trace}));
    }
    ASSERT_TRUE(store->Append(batch));
    if (trace == 1) {
      ASSERT_TRUE(store->Seal());
    }
  }
  const auto cursor = store->OpenTrace(TestTraceId(2));
  ASSERT_TRUE(cursor);
  std::size_t windows = 0;
  std::vector<UnixNanos> starts;
  for (;; ++windows) {
    const auto spans = (*cursor)->Next();
    ASSERT_TRUE(spans) << spans.error().message;
    if (spans->empty()) break;
    for (const SpanRecord& span : *spans) {
      ASSERT_EQ(span.trace_id, TestTraceId(1));
      starts.push_back(span.start);
    }
  }
  EXPECT_GT(windows, 1u);
  EXPECT_EQ(starts.size(), 2 * kSpans + 2);
  EXPECT_TRUE(std::is_sorted(starts.begin(), starts.end()));
}

TEST(JoinRestart, AStoreOfBeforeOpens) {
  TempDir dir;
  ASSERT_TRUE(Open(dir)->Append({End(true, 1)}));
  {
    std::vector<std::string> names;
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, dir.path(), &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names)
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, dir.path(), families, &handles, &raw).ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == "alias" || names[i] == "pending") {
        ASSERT_TRUE(db->DropColumnFamily(handles[i]).ok());
      }
      db->DestroyColumnFamilyHandle(handles[i]);
    }
  }
  const auto checked =
      CheckDirectory(dir.path(), [](const Damage& damage) { ADD_FAILURE() << damage.place; }, {});
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->spans, 1u) << "read as it is";
  const auto store = Open(dir);
  EXPECT_EQ(SpansOf(*store, 1), 1u);
  ASSERT_TRUE(store->Append({End(true, 3, 9), End(false, 4, 9)}));
  EXPECT_EQ(SpansOf(*store, 4), 2u);
}

TEST(JoinRestart, AliasesGoWithWhatCameWhenTheyWereMade) {
  DropForgottenAliases filter;
  filter.SetFirstSequence(100);
  const Alias alias{.trace = TestTraceId(1), .parent_trace = TestTraceId(2), .method = "join"};
  const auto drops = [&](std::uint64_t sequence) {
    Alias made = alias;
    made.sequence = sequence;
    const bool whole = filter.Filter(0, AliasKey(alias.trace), EncodeAlias(made), nullptr, nullptr);
    EXPECT_EQ(whole, filter.Filter(0, ChildKey(alias.parent_trace, alias.trace),
                                   EncodeChild(sequence), nullptr, nullptr));
    EXPECT_EQ(whole, filter.Filter(0, ExtentKey(alias.trace), EncodeExtent({2, 1}, sequence),
                                   nullptr, nullptr));
    return whole;
  };
  EXPECT_TRUE(drops(99));
  EXPECT_FALSE(drops(100));
  EXPECT_FALSE(filter.Filter(0, "x", "damaged", nullptr, nullptr));
  EXPECT_FALSE(filter.Filter(0, "", "", nullptr, nullptr));
}

}  // namespace
}  // namespace clew::store
