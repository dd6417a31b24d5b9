#include "admin/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "store/rocks_store.h"
#include "test_spans.h"

namespace clew::admin {
namespace {

using testing::HasSubstr;

class Commands : public testing::Test {
 protected:
  Commands() {
    flags_.data_dir = dir_.path() + "/data";
    const auto store = store::OpenRocksStore({.path = flags_.data_dir});
    CLEW_CHECK(store.has_value());
    CLEW_CHECK((*store)->Append({store::MakeSpan({})}).has_value());
  }
  int Run(Command command) {
    flags_.command = command;
    out_.clear();
    err_.clear();
    return admin::Run({flags_, interrupted_, [this](std::string_view text) { out_ += text; },
                       [this](std::string_view text) { err_ += text; }});
  }

  store::TempDir dir_;
  Flags flags_;
  std::atomic<bool> interrupted_{false};
  std::string out_;
  std::string err_;
};

TEST_F(Commands, ThatAreInterruptedSaySoAndLeaveNothing) {
  interrupted_ = true;
  flags_.backup = dir_.path() + "/backup";
  for (const Command command : {Command::kCheck, Command::kBackup, Command::kCompact}) {
    EXPECT_EQ(Run(command), kInterrupted);
    EXPECT_EQ(err_, "clew-store: interrupted\n");
  }
  EXPECT_FALSE(std::filesystem::exists(flags_.backup));
}

TEST_F(Commands, ACheckThatFailsIsWholeJsonAllTheSame) {
  flags_.data_dir = dir_.path() + "/none";
  flags_.json = true;
  EXPECT_EQ(Run(Command::kCheck), 3);
  EXPECT_THAT(out_, testing::EndsWith("}\n"));
  EXPECT_THAT(err_, HasSubstr("no store in"));
}

TEST_F(Commands, ABackupMayBeNamedFromHere) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  flags_.backup = "backup/";
  EXPECT_EQ(Run(Command::kBackup), 0) << err_;
  std::filesystem::current_path(before);
  EXPECT_TRUE(std::filesystem::exists(dir_.path() + "/backup/store/CURRENT"));
  EXPECT_THAT(out_, HasSubstr("backup of 1 span in " + dir_.path() + "/backup: "));
}

TEST_F(Commands, NeedNamesThatAreNotEmpty) {
  flags_.backup = "";
  EXPECT_NE(Run(Command::kBackup), 0);
  EXPECT_THAT(err_, HasSubstr("not an absolute path"));
}

}  // namespace
}  // namespace clew::admin
