// A /proc of the test's own making, in a temporary folder that goes away with it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace clew::process {

struct FakeProcess {
  std::uint32_t tgid = 0;
  std::uint32_t parent = 1;
  std::uint64_t start_ticks = 1000;
  std::string comm = "test";
  std::string exe;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string cgroup = "/";
  std::string cwd = "/srv/orders";
  std::string netns = "net:[1]";
};

class FakeProc {
 public:
  FakeProc() {
    std::string pattern = (std::filesystem::temp_directory_path() / "clew-proc-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~FakeProc() { std::filesystem::remove_all(root_); }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;

  const std::string& root() const { return root_; }
  std::string Folder(std::uint32_t tgid) const { return root_ + "/" + std::to_string(tgid); }

  void Write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + "/" + path).parent_path());
    std::ofstream(root_ + "/" + path, std::ios::binary) << text;
  }
  void Link(const std::string& path, const std::string& target) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + "/" + path).parent_path());
    std::filesystem::remove(root_ + "/" + path);
    std::filesystem::create_symlink(target, root_ + "/" + path);
  }
  void Put(const FakeProcess& p) const {
    const std::string at = std::to_string(p.tgid) + "/";
    Write(at + "stat", std::to_string(p.tgid) + " (" + p.comm + ") S " + std::to_string(p.parent) +
                           " 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 " +
                           std::to_string(p.start_ticks) + " 1000 10\n");
    Write(at + "cmdline", Joined(p.arguments));
    Write(at + "environ", Joined(p.environment));
    Write(at + "cgroup", "12:cpu:/elsewhere\n0::" + p.cgroup + "\n");
    if (!p.exe.empty()) Link(at + "exe", p.exe);
    Link(at + "cwd", p.cwd);
    Link(at + "ns/net", p.netns);
    std::filesystem::create_directories(root_ + "/" + at + "root");
  }
  void Remove(std::uint32_t tgid) const { std::filesystem::remove_all(Folder(tgid)); }

 private:
  static std::string Joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const auto& part : parts) out.append(part).push_back('\0');
    return out;
  }
  std::string root_;
};

}  // namespace clew::process
