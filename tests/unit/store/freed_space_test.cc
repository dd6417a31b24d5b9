// The space of segments that are gone comes back, if not at the first try.
#include "store/engine/freed_space.h"

#include <gtest/gtest.h>

#include <string>

#include "store/keys.h"
#include "test_spans.h"

namespace clew::store {
namespace {

constexpr std::uint32_t kBuckets = 3;
constexpr std::size_t kSegmentBytes = 100'000;

class Freed : public testing::Test {
 protected:
  Freed() {
    auto opened = RocksDb::Open(dir_.path());
    CLEW_CHECK(opened.has_value());
    db_ = *std::move(opened);
  }
  // A table with a segment of each bucket, of which retention has then taken all.
  void DropAll(FreedSpace& space, bool all) {
    rocksdb::DB& db = db_->db();
    for (std::uint32_t bucket = 1; bucket <= kBuckets; ++bucket) {
      const std::string row = Encode(SegmentKey{bucket, bucket});
      ASSERT_TRUE(db.Put({}, db_->segment(), row, std::string(kSegmentBytes, 'x')).ok());
      ASSERT_TRUE(db.Flush({}, db_->segment()).ok());
      ASSERT_TRUE(db.Delete({}, db_->segment(), row).ok());
      space.Add({bucket, 0}, {bucket, ~0ull}, all);
    }
  }
  std::uint64_t Bytes() {
    std::uint64_t bytes = 0;
    db_->db().GetIntProperty(db_->segment(), rocksdb::DB::Properties::kTotalSstFilesSize, &bytes);
    return bytes;
  }

  TempDir dir_;
  std::unique_ptr<RocksDb> db_;
};

TEST_F(Freed, ComesBackAtTheNextTryWhenTheFirstFails) {
  for (const bool all : {false, true}) {
    FreedSpace space(*db_);
    DropAll(space, all);
    EXPECT_GE(Bytes(), kBuckets * kSegmentBytes);
    db_->db().DisableManualCompaction();  // each that is asked for fails
    EXPECT_FALSE(space.Free());
    db_->db().EnableManualCompaction();
    ASSERT_TRUE(space.Free());
    EXPECT_LT(Bytes(), kSegmentBytes) << all;
  }
}

TEST_F(Freed, WaitsForThoseWhoSeeTheSegments) {
  FreedSpace space(*db_);
  const rocksdb::Snapshot* const view = db_->db().GetSnapshot();
  DropAll(space, true);
  ASSERT_TRUE(space.Free());
  EXPECT_GE(Bytes(), kBuckets * kSegmentBytes);
  db_->db().ReleaseSnapshot(view);
  ASSERT_TRUE(space.Free());
  EXPECT_LT(Bytes(), kSegmentBytes);
}

}  // namespace
}  // namespace clew::store
