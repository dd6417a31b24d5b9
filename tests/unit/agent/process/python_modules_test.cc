#include "agent/process/python_modules.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace clew::process {
namespace {

class PythonModulesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string path = std::filesystem::temp_directory_path() / "clew-python-XXXXXX";
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    root_ = path;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void Put(const std::string& file) {
    std::filesystem::create_directories(std::filesystem::path(root_ + file).parent_path());
    std::ofstream(root_ + file) << "x";
  }

  std::string root_;
};

TEST_F(PythonModulesTest, LieBesideTheirInterpreter) {
  const std::string file = "/usr/lib/python3.11/lib-dynload/_queue.cpython-311-x86_64-linux-gnu.so";
  Put(file);
  const auto found = FindPythonModules("/usr/bin/python3.11", root_, {"_asyncio", "_queue"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->minor, 11u);
  EXPECT_EQ(found->paths, std::vector<std::string>{root_ + file});
}

TEST_F(PythonModulesTest, MayLieInLib64) {
  const std::string file = "/usr/lib64/python3.9/lib-dynload/_queue.cpython-39-x86_64-linux-gnu.so";
  Put(file);
  const auto found = FindPythonModules("/usr/bin/python3.9", root_, {"_queue"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->paths, std::vector<std::string>{root_ + file});
}

TEST_F(PythonModulesTest, OtherExecutablesHaveNone) {
  for (const char* path : {"", "python3.11", "/usr/bin/node", "/usr/bin/python3",
                           "/usr/bin/python3.x", "/usr/bin/python3.1111111111111",
                           "/usr/bin/python3.11-config"}) {
    EXPECT_FALSE(FindPythonModules(path, root_, {"_queue"})) << path;
  }
}

}  // namespace
}  // namespace clew::process
