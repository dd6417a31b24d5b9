#include "agent/process/inject_class.h"

#include <gtest/gtest.h>

namespace clew::process {
namespace {

InjectClass ClassOf(const std::string& exe, bool go = false, const InjectNames& names = {}) {
  ProcessInfo info;
  info.exe = exe;
  info.go_binary = go;
  return ClassifyInjection(info, names);
}

TEST(InjectClass, GoesByTheExecutablesNameAndGosBuildInformation) {
  EXPECT_EQ(ClassOf("/usr/sbin/nginx"), InjectClass::kUses);
  EXPECT_EQ(ClassOf("/usr/bin/python3.11"), InjectClass::kNever);
  EXPECT_EQ(ClassOf("/usr/bin/node"), InjectClass::kNever);
  EXPECT_EQ(ClassOf("/opt/service"), InjectClass::kUnknown);
  EXPECT_EQ(ClassOf("/opt/service", /*go=*/true), InjectClass::kNever);
  EXPECT_EQ(ClassOf(""), InjectClass::kUnknown);
}

TEST(InjectClass, ConfiguredUsersWinOverEverythingElse) {
  InjectNames names;
  names.uses.push_back("python3*");
  EXPECT_EQ(ClassOf("/usr/bin/python3.11", false, names), InjectClass::kUses);
  EXPECT_EQ(ClassOf("/usr/sbin/nginx", /*go=*/true, names), InjectClass::kUses);
}

}  // namespace
}  // namespace clew::process
