#include "store/rocks_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>

#include "base/bytes.h"
#include "open_store.h"
#include "store/keys.h"
#include "store/rocks_db.h"
#include "test_spans.h"

namespace clew::store {
namespace {

using testing::HasSubstr;

std::unique_ptr<SpanStore> Open(const TempDir& dir) { return OpenStore({.path = dir.path()}); }

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

TEST(RocksStore, ARowOfCallsThatCannotBeReadIsNamed) {
  for (const std::string& rest : {std::string("x"), std::string(300, '\xff')}) {
    TempDir dir;
    Open(dir).reset();
    {
      const auto db = RocksDb::Open(dir.path());
      ASSERT_TRUE(db);
      ASSERT_TRUE((*db)->db().Put({}, (*db)->meta(), std::string(kEdgePrefix) + rest, "").ok());
    }
    const auto opened = OpenRocksStore({.path = dir.path()});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::kCorrupt);
    EXPECT_THAT(opened.error().message, HasSubstr("calls with the key 63616c6c2f"));
    EXPECT_LT(opened.error().message.size(), 300u);
  }
  TempDir dir;
  Open(dir).reset();
  {
    const auto db = RocksDb::Open(dir.path());
    ASSERT_TRUE(db);
    const std::string row = Encode(EdgeKey{7, 9, "web", "cart"});
    ASSERT_TRUE((*db)->db().Put({}, (*db)->meta(), row, "\xff").ok());
  }
  const auto graph = Open(dir)->Dependencies({}, UnixNanos::max());
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, Code::kCorrupt);
  EXPECT_THAT(graph.error().message, HasSubstr("calls of hour 7 from web to cart: "));
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

// Changes rows of the family `default` behind the store's back.
void EditRows(const TempDir& dir, const std::function<void(rocksdb::DB&)>& edit) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const char* name : {"default", "hot", "segment", "filter", "trace", "alias", "pending"})
    families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open({}, dir.path(), families, &handles, &db).ok());
  edit(*db);
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
  delete db;
}

void PutVersion(rocksdb::DB& db, std::uint32_t number) {
  std::string version;
  AppendU32be(version, number);
  ASSERT_TRUE(db.Put({}, std::string(kFormatKey), version).ok());
}

TEST(RocksStore, RefusesAnotherFormatVersion) {
  TempDir dir;
  Open(dir).reset();
  EditRows(dir, [](rocksdb::DB& db) { PutVersion(db, kFormatVersion + 1); });
  const auto store = OpenRocksStore({.path = dir.path()});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kUnsupported);
  EXPECT_THAT(store.error().message, HasSubstr("store format 4"));
}

// Gives counts and calls the keys that format 2 had for them.
void MakeFormat2(rocksdb::DB& db) {
  std::vector<std::pair<std::string, std::string>> rows;
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator({}));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    rows.emplace_back(at->key().ToString(), at->value().ToString());
  }
  for (const auto& [row, value] : rows) {
    std::string old;
    if (const auto counts = DecodeCountsKey(row)) {
      old = counts->what == CountsKey::kService ? "service/" : "key/";
      if (counts->what != CountsKey::kService) old.push_back(static_cast<char>(counts->what));
      old += counts->name;
    } else if (const auto edge = DecodeEdgeKey(row)) {
      old = "edge/";
      AppendU32be(old, edge->hour);
      AppendU16be(old, static_cast<std::uint16_t>(edge->caller.size()));
      old += edge->caller + edge->callee;
    } else {
      continue;
    }
    ASSERT_TRUE(db.Delete({}, row).ok());
    ASSERT_TRUE(db.Put({}, old, value).ok());
  }
  PutVersion(db, 2);
}

TEST(RocksStore, ReadsFormat2AndItsCountsGoWithTheNewestHour) {
  TempDir dir;
  const auto open = [&] {
    auto store = OpenRocksStore({.path = dir.path()});
    CLEW_CHECK(store.has_value());
    return *std::move(store);
  };
  auto store = open();
  ASSERT_TRUE(store->Append({MakeSpan({.id = 1, .attributes = {{"shop.id", true}}}),
                             MakeSpan({.id = 2, .parent = 1, .service = "db"})}));
  ASSERT_TRUE(store->Seal());
  const auto services = *store->Services();
  const auto keys = store->AttributeKeys()->items;
  const auto calls = store->Dependencies({}, UnixNanos::max())->edges.size();
  ASSERT_EQ(services.size(), 2u);
  ASSERT_EQ(calls, 1u);
  store.reset();
  EditRows(dir, MakeFormat2);
  for (int opened = 0; opened < 2; ++opened) {
    store = open();
    EXPECT_EQ(*store->Services(), services);
    EXPECT_EQ(store->Operations("db")->items.size(), 1u);
    EXPECT_EQ(store->AttributeKeys()->items, keys);
    EXPECT_EQ(store->Dependencies({}, UnixNanos::max())->edges.size(), calls);
    EXPECT_EQ(ReadAll(*store, TestTraceId(1)).size(), 2u);
    store.reset();
  }
  store = open();
  ASSERT_TRUE(store->Retain({.max_bytes = 1}, false));
  EXPECT_TRUE(store->Services()->empty());
  EXPECT_TRUE(store->AttributeKeys()->items.empty());
  EXPECT_TRUE(store->Dependencies({}, UnixNanos::max())->edges.empty());
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

// A window has some thousand spans: as many as fit into its memory.
TEST(RocksStore, ATraceOfLargeSpansIsReadInSmallPieces) {
  TempDir dir;
  const auto store = OpenStore({.path = dir.path()});
  constexpr std::uint64_t kSpans = 120;
  for (std::uint64_t id = 1; id <= kSpans; ++id) {
    const std::string payload(id < 60 ? 10 : 900'000, static_cast<char>('a' + id % 26));
    ASSERT_TRUE(store->Append({MakeSpan({.id = id, .start_ms = 1000 + id, .payload = payload})}));
  }
  for (const bool sealed : {false, true}) {
    if (sealed) {
      ASSERT_TRUE(store->Seal());
    }
    const auto cursor = store->OpenTrace(TestTraceId(1));
    ASSERT_TRUE(cursor);
    std::uint64_t spans = 0;
    UnixNanos last{};
    for (;;) {
      const auto piece = (*cursor)->Next();
      ASSERT_TRUE(piece) << piece.error().message;
      if (piece->empty()) break;
      std::size_t bytes = 0;
      for (const SpanRecord& span : *piece) {
        bytes += span.span.size();
        EXPECT_GT(span.start, last);
        last = span.start;
      }
      EXPECT_LE(bytes, 32u << 20);
      spans += piece->size();
    }
    EXPECT_EQ(spans, kSpans) << sealed;
  }
}

}  // namespace
}  // namespace clew::store
