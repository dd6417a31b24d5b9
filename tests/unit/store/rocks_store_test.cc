#include "store/rocks_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>

#include "base/bytes.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "test_spans.h"

namespace clew::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<SpanStore> Open(const TempDir& dir) {
  auto store = OpenRocksStore({.path = dir.path()});
  CLEW_CHECK(store.has_value());
  return *std::move(store);
}

// What every store promises, asked of each.
class StoreContract : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string(GetParam()) == "memory") {
      store_ = std::make_unique<MemoryStore>();
    } else {
      store_ = Open(dir_);
    }
  }
  void Add(const TestSpan& span) { ASSERT_TRUE(store_->Append({MakeSpan(span)})); }
  std::vector<std::string> Found(const TraceQuery& query) {
    const auto found = store_->Search(query);
    CLEW_CHECK(found.has_value());
    std::vector<std::string> names;
    for (const TraceSummary& summary : *found) names.push_back(summary.root_name);
    return names;
  }
  TempDir dir_;
  std::unique_ptr<SpanStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, testing::Values("memory", "rocks"),
                         [](const auto& param) { return std::string(param.param); });

TEST_P(StoreContract, LateSpansJoinTheirTrace) {
  Add({.id = 2, .parent = 1, .service = "db", .name = "SELECT", .start_ms = 2000});
  Add({.id = 1, .service = "shop", .name = "GET /", .start_ms = 1990, .duration_ms = 50});
  EXPECT_EQ(ReadAll(*store_, TestTraceId(1)).size(), 2u);
  const auto found = store_->Search({.service = "db"});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  const TraceSummary& summary = found->front();
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
  EXPECT_THAT(Found({}), ElementsAre("query", "failed", "slow"));
  EXPECT_THAT(Found({.service = "shop"}), ElementsAre("failed", "slow"));
  EXPECT_THAT(Found({.operation = "query"}), ElementsAre("query"));
  EXPECT_THAT(Found({.service = "shop", .operation = "query"}), ElementsAre());
  EXPECT_THAT(Found({.start_min = at(2000)}), ElementsAre("query", "failed"));
  EXPECT_THAT(Found({.start_max = at(2000)}), ElementsAre("failed", "slow"));
  EXPECT_THAT(Found({.start_min = at(2000), .start_max = at(2000)}), ElementsAre("failed"));
  EXPECT_THAT(Found({.duration_min = std::chrono::milliseconds(500)}), ElementsAre("slow"));
  EXPECT_THAT(Found({.duration_max = std::chrono::milliseconds(10)}),
              ElementsAre("query", "failed"));
  EXPECT_THAT(Found({.errors_only = true}), ElementsAre("failed"));
  EXPECT_THAT(Found({.limit = 1}), ElementsAre("query"));
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

TEST(RocksStore, KeepsEverythingAcrossAReopen) {
  TempDir dir;
  std::vector<std::string> before;
  {
    auto store = Open(dir);
    ASSERT_TRUE(
        store->Append({MakeSpan({.id = 1}), MakeSpan({.id = 2, .parent = 1, .service = "db"})}));
    before = Sorted(ReadAll(*store, TestTraceId(1)));
  }
  auto store = Open(dir);
  EXPECT_EQ(Sorted(ReadAll(*store, TestTraceId(1))), before);
  ASSERT_TRUE(store->Append({MakeSpan({.id = 1})}));  // known before the reopen
  EXPECT_EQ(store->Stats().spans, 2u);
}

TEST(RocksStore, ATraceLargerThanAFragmentComesBackWhole) {
  TempDir dir;
  auto store = Open(dir);
  SpanBatch batch;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    batch.push_back(MakeSpan({.id = id, .payload = std::string(20'000, 'x')}));
  }
  ASSERT_TRUE(store->Append(batch));
  EXPECT_EQ(Sorted(ReadAll(*store, TestTraceId(1))), Sorted(batch));
}

TEST(RocksStore, ASecondOpenSaysThatTheDirectoryIsInUse) {
  TempDir dir;
  auto store = Open(dir);
  const auto second = OpenRocksStore({.path = dir.path()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr("open in this process already"));
}

TEST(RocksStore, RefusesToWriteOnAFullDiskAndStoresNothing) {
  TempDir dir;
  auto store = OpenRocksStore({.path = dir.path(), .min_free_bytes = ~0ull});
  ASSERT_TRUE(store);
  const Status appended = (*store)->Append({MakeSpan({})});
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, Code::kExhausted);
  EXPECT_TRUE(ReadAll(**store, TestTraceId(1)).empty());
  EXPECT_EQ((*store)->Stats().spans, 0u);
}

TEST(RocksStore, RefusesAnotherFormatVersion) {
  TempDir dir;
  Open(dir).reset();
  {
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const char* name : {"default", "hot", "trace", "index"})
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    families[1].options.prefix_extractor = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, dir.path(), families, &handles, &db).ok());
    std::string version;
    AppendU32be(version, kFormatVersion + 1);
    ASSERT_TRUE(db->Put({}, std::string(kFormatKey), version).ok());
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
    delete db;
  }
  const auto store = OpenRocksStore({.path = dir.path()});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kUnsupported);
  EXPECT_THAT(store.error().message, HasSubstr("store format 2"));
}

TEST(RocksStore, RefusesFamiliesOfALaterVersion) {
  TempDir dir;
  {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, dir.path(), &db).ok());
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily({}, "segments-v9", &handle).ok());
    db->DestroyColumnFamilyHandle(handle);
    delete db;
  }
  const auto store = OpenRocksStore({.path = dir.path()});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kUnsupported);
  EXPECT_THAT(store.error().message, HasSubstr("segments-v9"));
}

}  // namespace
}  // namespace clew::store
