#include "agent/kernel/cgroup.h"

#include <gtest/gtest.h>

namespace clew::kernel {
namespace {

TEST(Cgroup, AFolderThatIsNotOnCgroup2IsRefusedByName) {
  const auto fd = OpenCgroup("/tmp", "/tmp");
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().code, Code::kInvalid);
  EXPECT_NE(fd.error().message.find("/tmp"), std::string::npos);
}

TEST(Cgroup, AMissingFolderIsNamed) {
  const auto fd = OpenCgroup("no-such-group", "/sys/fs/cgroup");
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().code, Code::kNotFound);
  EXPECT_NE(fd.error().message.find("no-such-group"), std::string::npos);
}

}  // namespace
}  // namespace clew::kernel
