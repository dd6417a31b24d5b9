#include "agent/process/proc_fs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "agent/process/read_file.h"
#include "agent/process/resource.h"
#include "tests/unit/agent/process/fake_proc.h"

namespace clew::process {
namespace {

TEST(ProcStat, ACommandMayHoldAnything) {
  const auto stat =
      ParseStat("7 (a) S 9 (b) S 1 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 5555 1000 10\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->comm, "a) S 9 (b");
  EXPECT_EQ(stat->parent, 1u);
  EXPECT_EQ(stat->start_ticks, 5555u);
}

TEST(ProcStat, EveryTruncationIsRefused) {
  const std::string whole = "7 (a) S 1 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 5555 1000 10\n";
  const std::size_t needed = whole.find("5555");
  for (std::size_t n = 0; n <= needed; ++n) EXPECT_FALSE(ParseStat(whole.substr(0, n))) << n;
}

TEST(ProcFs, ReadsAProcessAndOnlyTwoVariablesOfItsEnvironment) {
  const FakeProc proc;
  proc.Put({.tgid = 7,
            .parent = 3,
            .start_ticks = 99,
            .comm = "python3",
            .exe = "/usr/bin/python3.11 (deleted)",
            .arguments = {"python3", "x.py"},
            .environment = {"SECRET=1", "OTEL_SERVICE_NAME=shop", "NOEQUALS",
                            "OTEL_RESOURCE_ATTRIBUTES=a=b"},
            .cgroup = "/a.slice"});
  const ProcFs fs(proc.root());
  auto info = fs.ReadIdentity(7);
  ASSERT_TRUE(info) << info.error().message;
  fs.ReadDetails(*info);
  EXPECT_EQ(info->parent_tgid, 3u);
  EXPECT_EQ(info->start_ticks, 99u);
  EXPECT_EQ(info->exe, "/usr/bin/python3.11");
  EXPECT_EQ(info->arguments, (std::vector<std::string>{"python3", "x.py"}));
  EXPECT_EQ(info->cgroup, "/a.slice");
  EXPECT_EQ(info->otel_service_name, "shop");
  EXPECT_EQ(info->otel_resource_attributes, "a=b");
  EXPECT_EQ(fs.ReadIdentity(8).error().code, Code::kNotFound);
  EXPECT_EQ(*fs.Processes(), std::vector<std::uint32_t>{7});
}

TEST(ProcFs, BoundsWhatAProcessWritesAboutItself) {
  const FakeProc proc;
  proc.Put({.tgid = 7, .exe = "/bin/x", .arguments = std::vector<std::string>(5000, "argument")});
  const auto info = ProcFs(proc.root()).ReadIdentity(7);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->arguments.size(), kMaxArguments);
}

TEST(ProcFs, FindsCgroup2ByItsTypeEverywhereInTheMounts) {
  const FakeProc proc;
  proc.Write("self/mounts",
             "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n"
             "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nosuid 0 0\n");
  EXPECT_EQ(ProcFs(proc.root()).Cgroup2Mount(), "/sys/fs/cgroup/unified");
  EXPECT_EQ(ProcFs("/nonexistent").Cgroup2Mount(), std::nullopt);
}

TEST(ProcFs, ReadsTheRealOne) {
  const ProcFs fs;
  auto info = fs.ReadIdentity(static_cast<std::uint32_t>(getpid()));
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_NE(info->exe.find("agent_process_test"), std::string::npos);
  EXPECT_EQ(info->parent_tgid, static_cast<std::uint32_t>(getppid()));
  EXPECT_EQ(*fs.StartTicks(info->tgid), info->start_ticks);
}

TEST(ReadFile, NeitherBlocksOnAFifoNorLeavesTheRoot) {
  const FakeProc proc;
  proc.Write("7/root/real", "inside");
  proc.Write("secret", "outside");
  proc.Link("7/root/up", "../../secret");
  proc.Link("7/root/absolute", "/real");
  ASSERT_EQ(mkfifo((proc.root() + "/7/root/fifo").c_str(), 0600), 0);
  const std::string root = proc.root() + "/7/root";
  EXPECT_EQ(ReadFileInRoot(root, "/fifo", 10).error().code, Code::kInvalid);
  EXPECT_FALSE(ReadFileInRoot(root, "up", 10));
  EXPECT_FALSE(ReadFileInRoot(root, "../../secret", 10));
  EXPECT_EQ(*ReadFileInRoot(root, "absolute", 3), "ins");
}

TEST(Resource, HoldsTheConventionsAttributesAndNoArguments) {
  ProcessInfo info;
  info.tgid = 7;
  info.exe = "/usr/bin/python3.11";
  info.arguments = {"python3", "orders.py", "--password=hunter2"};
  info.container_id = std::string(64, 'a');
  info.otel_resource_attributes = "deployment.environment.name=prod,process.pid=1,host.name=liar";
  const HostInfo host{.name = "node-1", .id = "machine", .boot_id = "boot"};
  const auto resource = MakeResource(info, host, "");
  EXPECT_EQ(resource->service_name, "orders");
  ASSERT_FALSE(resource->attributes.empty());
  EXPECT_EQ(resource->attributes[0], span::Attribute("service.name", std::string("orders")));
  int found = 0;
  for (const auto& [key, value] : resource->attributes) {
    if (key == "process.pid") found += value == span::AttributeValue(std::int64_t{7}) ? 1 : 100;
    if (key == "host.name") found += value == span::AttributeValue(std::string("node-1")) ? 1 : 100;
    if (key == "deployment.environment.name") ++found;
    const auto* text = std::get_if<std::string>(&value);
    EXPECT_TRUE(text == nullptr || text->find("hunter2") == std::string::npos) << key;
  }
  EXPECT_EQ(found, 3);
  EXPECT_EQ(MakeResource(info, host, "shop")->service_name, "shop");
  EXPECT_EQ(MakeResource(info, host, "")->attributes[1], resource->attributes[1])
      << "the instance id is stable";
}

}  // namespace
}  // namespace clew::process
