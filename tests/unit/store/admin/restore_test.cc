#include "store/admin/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sample_store.h"
#include "store/admin/backup.h"

namespace clew::store {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Restore : public testing::Test {
 protected:
  Restore() {
    const std::string from = dir_.path() + "/from";
    MakeSample(from);
    CLEW_CHECK(OpenSample(from)->Backup(backup(), {}).has_value());
    fs::remove_all(from);
  }
  std::string backup() const { return dir_.path() + "/backup"; }
  std::string target() const { return dir_.path() + "/target"; }
  void ExpectSample() {
    const auto store = OpenSample(target());
    EXPECT_EQ(store->Stats().spans, kSampleSealed + kSampleHot);
    EXPECT_EQ(ReadAll(*store, TestTraceId(1)).size(), 1u);
    EXPECT_EQ(ReadAll(*store, TestTraceId(1000)).size(), 1u);
  }

  TempDir dir_;
};

TEST_F(Restore, MakesAStoreWhereNothingIs) {
  const auto done = RestoreBackup(backup(), target(), false, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->spans, kSampleSealed + kSampleHot);
  EXPECT_EQ(done->replaced, "");
  EXPECT_THAT(NamesIn(dir_.path()), ElementsAre("backup", "target"));
  ExpectSample();
}

TEST_F(Restore, FillsAnEmptyDirectory) {
  fs::create_directory(target());
  ASSERT_TRUE(RestoreBackup(backup(), target(), false, {}));
  ExpectSample();
}

TEST_F(Restore, SharesNoFileWithTheBackup) {
  ASSERT_TRUE(RestoreBackup(backup(), target(), false, {}));
  for (const std::string& name : NamesIn(target())) {
    struct stat status {};
    ASSERT_EQ(::stat((target() + "/" + name).c_str(), &status), 0);
    EXPECT_EQ(status.st_nlink, 1u) << name;
  }
  {
    const auto store = OpenSample(target());
    ASSERT_TRUE(store->Append(SampleTraces(5000, 50)));
    ASSERT_TRUE(store->Seal());
    ASSERT_TRUE(store->Retain({.max_bytes = 1}, false));
  }
  Damages damages;
  ASSERT_TRUE(VerifyBackup(backup(), damages.each(), {}));
  EXPECT_THAT(damages.lines(), IsEmpty());
}

TEST_F(Restore, LeavesADirectoryInUseAlone) {
  const auto store = OpenSample(target());
  for (const bool replace : {false, true}) {
    const auto done = RestoreBackup(backup(), target(), replace, {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, replace ? Code::kUnavailable : Code::kInvalid);
  }
  EXPECT_TRUE(store->Append(SampleTraces(1, 1)));
  EXPECT_THAT(NamesIn(dir_.path()), ElementsAre("backup", "target"));
}

TEST_F(Restore, ReplacesOnlyWhenItIsToldToAndKeepsWhatWasThere) {
  OpenSample(target())->Append(SampleTraces(9000, 3)).has_value();
  EXPECT_EQ(RestoreBackup(backup(), target(), false, {}).error().code, Code::kInvalid);
  const auto done = RestoreBackup(backup(), target(), true, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(done->replaced, StartsWith(target() + ".replaced-"));
  EXPECT_EQ(NamesIn(dir_.path()).size(), 3u);
  ExpectSample();
  EXPECT_EQ(OpenSample(done->replaced)->Stats().spans, 3u);
}

TEST_F(Restore, OfADamagedBackupChangesNothing) {
  for (const std::string& name : NamesIn(backup() + "/" + kBackupStore)) {
    if (!name.ends_with(".sst")) continue;
    std::string bytes = ReadFile(backup() + "/" + kBackupStore + "/" + name);
    bytes[10] = static_cast<char>(bytes[10] ^ 1);
    WriteFile(backup() + "/" + kBackupStore + "/" + name, bytes);
  }
  const auto done = RestoreBackup(backup(), target(), false, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::kCorrupt);
  EXPECT_THAT(done.error().message, HasSubstr("the backup is damaged: file "));
  EXPECT_THAT(NamesIn(dir_.path()), ElementsAre("backup"));
}

TEST_F(Restore, ThatIsEndedChangesNothing) {
  int asked = 0;
  // At any of its moments.
  for (int end = 1; end < 40; end += 3) {
    asked = 0;
    const auto done =
        RestoreBackup(backup(), target(), false, {.cancelled = [&] { return ++asked >= end; }});
    if (done) break;
    EXPECT_EQ(done.error().message, CancelledError().message) << end;
    EXPECT_THAT(NamesIn(dir_.path()), ElementsAre("backup")) << end;
  }
  EXPECT_GT(asked, 10);
}

TEST_F(Restore, NeedsABackup) {
  EXPECT_EQ(RestoreBackup(dir_.path(), target(), false, {}).error().code, Code::kNotFound);
  EXPECT_FALSE(fs::exists(target()));
}

TEST_F(Restore, RefusesAFileInPlaceOfTheDirectory) {
  WriteFile(target(), "x");
  EXPECT_EQ(RestoreBackup(backup(), target(), true, {}).error().code, Code::kInvalid);
  EXPECT_EQ(ReadFile(target()), "x");
}

}  // namespace
}  // namespace clew::store
