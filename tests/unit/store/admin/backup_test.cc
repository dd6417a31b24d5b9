#include "store/admin/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "sample_store.h"
#include "store/admin/administration.h"
#include "store/admin/manifest.h"
#include "store/admin/restore.h"

namespace clew::store {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Backup : public testing::Test {
 protected:
  std::string store() const { return dir_.path() + "/store"; }
  std::string backup() const { return dir_.path() + "/backup"; }
  std::string Files() const { return backup() + "/" + kBackupStore; }
  std::vector<std::string> Verify() {
    Damages damages;
    const auto report = VerifyBackup(backup(), damages.each(), {});
    EXPECT_TRUE(report) << report.error().message;
    if (report) {
      EXPECT_EQ(report->damages, damages.lines().size());
      spans_ = report->spans;
    }
    return damages.lines();
  }
  // Of a backup's files, one that ends so.
  std::string FileWith(const std::string& end) {
    for (const std::string& name : NamesIn(Files())) {
      if (name.ends_with(end)) return name;
    }
    CLEW_CHECK(false);
  }

  TempDir dir_;
  std::uint64_t spans_ = 0;
};

TEST_F(Backup, HasEverythingAndIsVerified) {
  MakeSample(store());
  const auto open = OpenSample(store());
  const auto made = open->Backup(backup(), {});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->spans, kSampleSealed + kSampleHot);
  EXPECT_TRUE(made->linked);
  EXPECT_GT(made->files, 4u);
  EXPECT_THAT(NamesIn(backup()), ElementsAre(kManifestName, kBackupStore));
  EXPECT_THAT(NamesIn(dir_.path()), ElementsAre("backup", "store"));
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(Verify(), IsEmpty()) << "verifying changes nothing";
    EXPECT_EQ(spans_, kSampleSealed + kSampleHot);
  }
}

TEST_F(Backup, WhileSpansAreWrittenHasWhatWasAcknowledgedBefore) {
  const auto open = OpenSample(store());
  std::atomic<std::uint64_t> acknowledged{0};
  {
    const std::jthread writer([&](const std::stop_token& stop) {
      for (std::uint64_t i = 1; !stop.stop_requested(); ++i) {
        CLEW_CHECK(open->Append({MakeSpan({.trace = i})}).has_value());
        acknowledged = i;
        if (i % 50 == 0) CLEW_CHECK(open->Seal().has_value());
      }
    });
    while (acknowledged < 120) std::this_thread::yield();
    for (int round = 0; round < 3; ++round) {
      const std::uint64_t before = acknowledged;
      const auto made = open->Backup(backup() + std::to_string(round), {});
      ASSERT_TRUE(made) << made.error().message;
      const std::string restored = dir_.path() + "/restored" + std::to_string(round);
      ASSERT_TRUE(RestoreBackup(backup() + std::to_string(round), restored, false, {}));
      const auto copy = OpenSample(restored);
      for (std::uint64_t i = 1; i <= before; ++i) {
        ASSERT_EQ(ReadAll(*copy, TestTraceId(i)).size(), 1u) << i << " of " << before;
      }
    }
  }
  const std::uint64_t last = acknowledged;
  EXPECT_EQ(open->Stats().spans, last) << "the store itself went on";
}

TEST_F(Backup, IsRefusedWhereSomethingIsOrNothingCanBe) {
  MakeSample(store());
  const auto open = OpenSample(store());
  fs::create_directory(backup());
  EXPECT_EQ(open->Backup(backup(), {}).error().code, Code::kInvalid);
  EXPECT_EQ(open->Backup(dir_.path() + "/no/folder", {}).error().code, Code::kNotFound);
  fs::create_symlink("nowhere", dir_.path() + "/link");
  EXPECT_EQ(open->Backup(dir_.path() + "/link", {}).error().code, Code::kInvalid);
  EXPECT_THAT(NamesIn(dir_.path()), ElementsAre("backup", "link", "store"));
}

// What cannot be looked at is refused, and what comes next is not refused for it.
TEST_F(Backup, ToANameThatNoDiskTakesIsRefused) {
  MakeSample(store());
  const auto open = OpenSample(store());
  const auto administration = AdministrationOf(*open, {});
  const std::string long_name = dir_.path() + "/" + std::string(300, 'x');
  EXPECT_THAT(administration->Backup(long_name, {}).error().message, HasSubstr("too long"));
  EXPECT_EQ(VerifyBackup(long_name, [](const Damage&) {}, {}).error().code, Code::kInvalid);
  EXPECT_TRUE(administration->Backup(backup(), {}));
}

TEST_F(Backup, NeedsRoomOnTheDisk) {
  EXPECT_TRUE(RequireFree(dir_.path(), 0));
  const Status room = RequireFree(dir_.path(), ~0ull - 1);
  ASSERT_FALSE(room);
  EXPECT_EQ(room.error().code, Code::kExhausted);
}

TEST_F(Backup, ThatIsEndedLeavesNothing) {
  MakeSample(store());
  const auto open = OpenSample(store());
  const auto made = open->Backup(backup(), {.cancelled = [] { return true; }});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, CancelledError().message);
  EXPECT_THAT(NamesIn(dir_.path()), ElementsAre("store"));
}

TEST_F(Backup, OfADamagedStoreIsNotMade) {
  MakeSample(store());
  for (const std::string& name : NamesIn(store())) {
    std::string bytes = name.ends_with(".sst") ? ReadFile(store() + "/" + name) : "";
    const std::size_t at = bytes.find("CLSG");
    if (at == std::string::npos) continue;
    bytes[at + 300] = static_cast<char>(bytes[at + 300] ^ 1);
    WriteFile(store() + "/" + name, bytes);
  }
  const auto open = OpenSample(store());
  const auto made = open->Backup(backup(), {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kCorrupt);
  EXPECT_THAT(made.error().message, HasSubstr(".sst"));
  EXPECT_THAT(NamesIn(dir_.path()), ElementsAre("store"));
}

TEST_F(Backup, StaysAsItIsWhenTheStoreGoesOn) {
  MakeSample(store());
  {
    const auto open = OpenSample(store());
    ASSERT_TRUE(open->Backup(backup(), {}));
    ASSERT_TRUE(open->Append(SampleTraces(2000, 50)));
    ASSERT_TRUE(open->Seal());
    ASSERT_TRUE(open->Retain({.max_bytes = 1}, false));
    ASSERT_TRUE(open->Compact({}));
  }
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_EQ(spans_, kSampleSealed + kSampleHot);
}

class SpoiltBackup : public Backup {
 protected:
  SpoiltBackup() {
    MakeSample(store());
    CLEW_CHECK(OpenSample(store())->Backup(backup(), {}).has_value());
  }
};

TEST_F(SpoiltBackup, EveryFileIsMissedByItsName) {
  for (const std::string& name : NamesIn(Files())) {
    const std::string bytes = ReadFile(Files() + "/" + name);
    fs::remove(Files() + "/" + name);
    EXPECT_THAT(Verify(), ElementsAre("file " + name + ": is missing"));
    WriteFile(Files() + "/" + name, bytes);
  }
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(SpoiltBackup, EveryFileThatIsCutGrownOrFlippedIsFoundByItsName) {
  std::mt19937_64 random(1);
  for (const std::string& name : NamesIn(Files())) {
    const std::string path = Files() + "/" + name;
    const std::string bytes = ReadFile(path);
    WriteFile(path, bytes + "x");
    EXPECT_THAT(Verify(), ElementsAre(HasSubstr("file " + name + ": has "))) << name;
    if (!bytes.empty()) {
      WriteFile(path, bytes.substr(1));
      EXPECT_THAT(Verify(), ElementsAre(HasSubstr("file " + name + ": has "))) << name;
      std::string flipped = bytes;
      const std::size_t at = random() % bytes.size();
      flipped[at] = static_cast<char>(flipped[at] ^ 4);
      WriteFile(path, flipped);
      EXPECT_THAT(Verify(),
                  ElementsAre("file " + name + ": its bytes are not those that were written"));
    }
    WriteFile(path, bytes);
  }
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(SpoiltBackup, SurplusFilesAreNamed) {
  WriteFile(Files() + "/999999.sst", "x");
  WriteFile(backup() + "/notes", "x");
  EXPECT_THAT(Verify(), ElementsAre("file notes: does not belong to the backup",
                                    "file 999999.sst: does not belong to the backup"));
}

TEST_F(SpoiltBackup, WhatIsNoPlainFileIsNotRead) {
  const std::string name = FileWith(".sst");
  fs::rename(Files() + "/" + name, dir_.path() + "/elsewhere");
  fs::create_symlink(dir_.path() + "/elsewhere", Files() + "/" + name);
  EXPECT_THAT(Verify(), ElementsAre(HasSubstr("is not a plain file")));
  fs::remove(Files() + "/" + name);
  ASSERT_EQ(::mkfifo((Files() + "/" + name).c_str(), 0600), 0);
  EXPECT_THAT(Verify(), ElementsAre(HasSubstr("is not a plain file")));
}

TEST_F(SpoiltBackup, ItsManifestIsChecked) {
  const std::string path = backup() + "/" + kManifestName;
  const std::string text = ReadFile(path);
  WriteFile(path, text.substr(0, text.size() - 1));
  EXPECT_THAT(Verify(), ElementsAre(HasSubstr("line ")));
  fs::remove(path);
  EXPECT_THAT(Verify(), ElementsAre(HasSubstr("is missing")));
  WriteFile(path, text);
  fs::remove_all(Files());
  EXPECT_THAT(Verify(), ElementsAre(HasSubstr("file store: is missing")));
  EXPECT_EQ(VerifyBackup(dir_.path() + "/none", [](const Damage&) {}, {}).error().code,
            Code::kNotFound);
}

}  // namespace
}  // namespace clew::store
