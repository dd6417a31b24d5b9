#include "store/rocks_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>

#include "base/bytes.h"
#include "store/keys.h"
#include "test_spans.h"

namespace clew::store {
namespace {

using testing::HasSubstr;

std::unique_ptr<SpanStore> Open(const TempDir& dir) {
  auto store = OpenRocksStore({.path = dir.path()});
  CLEW_CHECK(store.has_value());
  return *std::move(store);
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
    for (const char* name : {"default", "hot", "segment", "filter", "trace", "alias", "pending"})
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
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
  EXPECT_THAT(store.error().message, HasSubstr("store format 3"));
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
