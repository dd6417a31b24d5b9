// Files that a disk has damaged, cut or lost: a check ends, says so, and reads the rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_store.h"
#include "store/admin/directory_check.h"

namespace clew::store {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint64_t kSeed = 20'251'123;

// Nothing that is stored is in them.
bool IsData(const std::string& name) {
  return name.ends_with(".sst") || name.starts_with("MANIFEST-") || name == "CURRENT";
}

class DamagedFiles : public testing::Test {
 protected:
  DamagedFiles() { MakeSample(whole()); }
  std::string whole() const { return dir_.path() + "/whole"; }
  std::string copy() const { return dir_.path() + "/copy"; }
  // An open store may remove files that it does not need any more meanwhile.
  void Copy() {
    fs::remove_all(copy());
    fs::create_directory(copy());
    for (const std::string& name : NamesIn(whole())) {
      std::error_code gone;
      fs::copy_file(whole() + "/" + name, copy() + "/" + name, gone);
      ASSERT_TRUE(!gone || gone == std::errc::no_such_file_or_directory) << gone.message();
    }
  }
  // Ends without a crash; the lines.
  std::vector<std::string> Find() {
    Damages damages;
    const auto report = CheckDirectory(copy(), damages.each(), {});
    if (report) {
      spans_ = report->spans;
      return damages.lines();
    }
    spans_ = 0;
    return {report.error().message};
  }

  TempDir dir_;
  std::uint64_t spans_ = 0;
};

TEST_F(DamagedFiles, EveryFileOfDataThatIsMissingIsMissed) {
  for (const std::string& name : NamesIn(whole())) {
    if (!IsData(name)) continue;
    Copy();
    fs::remove(copy() + "/" + name);
    EXPECT_THAT(Find(), Not(IsEmpty())) << name;
  }
}

TEST_F(DamagedFiles, EveryFileOfDataThatIsCutIsFound) {
  std::mt19937_64 random(kSeed);
  for (const std::string& name : NamesIn(whole())) {
    if (!IsData(name)) continue;
    for (int round = 0; round < 5; ++round) {
      Copy();
      const std::string bytes = ReadFile(copy() + "/" + name);
      const std::size_t size = random() % bytes.size();
      WriteFile(copy() + "/" + name, bytes.substr(0, size));
      // A manifest without its last records is an older state of the store, and whole by itself.
      if (name.starts_with("MANIFEST-") && size > 0) {
        Find();
      } else {
        EXPECT_THAT(Find(), Not(IsEmpty())) << name << " of " << size << ", seed " << kSeed;
      }
    }
  }
}

TEST_F(DamagedFiles, AFlippedBitOfATableIsFoundAndTheTableIsNamed) {
  std::mt19937_64 random(kSeed);
  for (const std::string& name : NamesIn(whole())) {
    if (!name.ends_with(".sst")) continue;
    for (int round = 0; round < 10; ++round) {
      Copy();
      std::string bytes = ReadFile(copy() + "/" + name);
      const std::size_t at = random() % (bytes.size() * 8);
      bytes[at / 8] = static_cast<char>(bytes[at / 8] ^ (1 << at % 8));
      WriteFile(copy() + "/" + name, bytes);
      const auto found = Find();
      // The footer has some bytes that nothing reads.
      if (at / 8 + 64 < bytes.size()) {
        EXPECT_THAT(found, Contains(HasSubstr("file " + name)))
            << "bit " << at << ", seed " << kSeed;
      }
    }
  }
}

TEST_F(DamagedFiles, AnyFlippedBitLeavesACheckThatEnds) {
  std::mt19937_64 random(kSeed);
  const auto names = NamesIn(whole());
  for (int round = 0; round < 100; ++round) {
    Copy();
    const std::string& name = names[random() % names.size()];
    std::string bytes = ReadFile(copy() + "/" + name);
    if (bytes.empty()) continue;
    const std::size_t at = random() % (bytes.size() * 8);
    bytes[at / 8] = static_cast<char>(bytes[at / 8] ^ (1 << at % 8));
    WriteFile(copy() + "/" + name, bytes);
    const auto found = Find();
    if (found.empty()) {
      EXPECT_EQ(spans_, kSampleSealed + kSampleHot) << name << " bit " << at << ", seed " << kSeed;
    }
  }
}

TEST_F(DamagedFiles, ADamagedSegmentLeavesTheOthersToBeRead) {
  Copy();
  for (const std::string& name : NamesIn(copy())) {
    std::string bytes = name.ends_with(".sst") ? ReadFile(copy() + "/" + name) : "";
    const std::size_t at = bytes.find("CLSG");
    if (at == std::string::npos) continue;
    bytes[at + 300] = static_cast<char>(bytes[at + 300] ^ 1);
    WriteFile(copy() + "/" + name, bytes);
    break;
  }
  const auto found = Find();
  EXPECT_THAT(found, Contains(HasSubstr("(segment)")));
  EXPECT_THAT(found, Contains(HasSubstr("segment ")));
  EXPECT_GE(spans_, kSampleSealed + kSampleHot - 40);
  EXPECT_LT(spans_, kSampleSealed + kSampleHot);
}

TEST_F(DamagedFiles, ATornEndOfTheLogIsWhatACrashLeaves) {
  {
    const auto store = OpenSample(whole());
    ASSERT_TRUE(store->Append(SampleTraces(5000, 50)));
    Copy();  // as kill -9 would leave it
  }
  EXPECT_THAT(Find(), IsEmpty());
  EXPECT_EQ(spans_, kSampleSealed + kSampleHot + 50);
  for (const std::string& name : NamesIn(copy())) {
    if (!name.ends_with(".log")) continue;
    const std::string bytes = ReadFile(copy() + "/" + name);
    if (!bytes.empty()) WriteFile(copy() + "/" + name, bytes.substr(0, bytes.size() - 7));
  }
  EXPECT_THAT(Find(), IsEmpty());
  EXPECT_EQ(spans_, kSampleSealed + kSampleHot);
}

}  // namespace
}  // namespace clew::store
