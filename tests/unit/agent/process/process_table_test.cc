#include "agent/process/process_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>

#include "tests/unit/agent/process/fake_proc.h"

namespace clew::process {
namespace {

using Kind = Selector::Kind;

class FakeControl : public ProcessControl {
 public:
  Status Trace(std::uint32_t tgid, InjectClass inject) override {
    traced[tgid] = inject;
    return {};
  }
  Status Forked(std::uint32_t tgid, std::uint32_t parent) override {
    forked.emplace_back(tgid, parent);
    return {};
  }
  void Executed(std::uint32_t tgid) override { executed.push_back(tgid); }
  void Calls(std::uint32_t tgid) override { callers.push_back(tgid); }
  void Pools(std::uint32_t tgid) override { with_pools.push_back(tgid); }
  Status Exclude(std::uint32_t tgid) override {
    excluded.push_back(tgid);
    return {};
  }
  Status Forget(std::uint32_t tgid) override {
    forgotten.push_back(tgid);
    return {};
  }
  std::map<std::uint32_t, InjectClass> traced;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> forked;
  std::vector<std::uint32_t> executed;
  std::vector<std::uint32_t> callers;
  std::vector<std::uint32_t> with_pools;
  std::vector<std::uint32_t> excluded;
  std::vector<std::uint32_t> forgotten;
};

class ProcessTableTest : public testing::Test {
 protected:
  ProcessTable& Table(Selectors selectors, std::size_t max_processes = 100) {
    ProcessTableOptions options;
    options.selectors = std::move(selectors);
    options.self = 1000;
    options.max_processes = max_processes;
    options.clock = [this]() { return now_; };
    table_ = std::make_unique<ProcessTable>(ProcFs(proc_.root()), HostInfo{}, options, control_,
                                            nullptr);
    return *table_;
  }
  void Send(std::uint8_t what, std::uint32_t tgid, std::uint32_t parent = 0,
            std::uint64_t start_ticks = 1000) {
    clew_proc_event event{};
    event.h.type = CLEW_EVENT_PROC;
    event.h.tgid = tgid;
    event.parent_tgid = parent;
    event.start_ns = start_ticks * 10'000'000;
    event.what = what;
    std::memcpy(event.comm, "command", 7);
    table_->OnProcess(event);
  }
  std::string NameOf(std::uint32_t tgid) { return table_->Lookup(tgid)->service_name; }
  std::set<std::uint32_t> Traced() const {
    std::set<std::uint32_t> out;
    for (const auto& [tgid, inject] : control_.traced) out.insert(tgid);
    return out;
  }

  FakeProc proc_;
  FakeControl control_;
  std::unique_ptr<ProcessTable> table_;
  KernelNanos now_{std::chrono::seconds(100)};
};

TEST_F(ProcessTableTest, ScanTracesWhatSelectorsNameAndItsDescendantsAndNothingElse) {
  proc_.Put({.tgid = 10, .parent = 1, .exe = "/usr/sbin/nginx"});
  proc_.Put(
      {.tgid = 5, .parent = 10, .exe = "/usr/bin/helper"});  // a lower number than its parent's
  proc_.Put(
      {.tgid = 12, .parent = 5, .exe = "/usr/bin/python3", .arguments = {"python3", "job.py"}});
  proc_.Put({.tgid = 20, .parent = 1, .exe = "/usr/bin/other"});
  proc_.Put({.tgid = 21, .parent = 1, .comm = "kthread"});
  proc_.Put({.tgid = 1000, .parent = 10, .exe = "/usr/sbin/nginx"});
  ASSERT_TRUE(Table({.include = {{Kind::kExe, "nginx", 0, "edge"}}}).Scan());
  EXPECT_EQ(Traced(), (std::set<std::uint32_t>{5, 10, 12}));
  EXPECT_EQ(control_.traced[10], InjectClass::kUses);
  EXPECT_EQ(control_.traced[12], InjectClass::kNever);
  EXPECT_EQ(NameOf(12), "edge");
  control_.traced.clear();
  ASSERT_TRUE(table_->Scan());
  EXPECT_TRUE(control_.traced.empty()) << "a second scan has nothing new to say";
}

TEST_F(ProcessTableTest, ALaterScanFindsNewListenersAndReplacedPrograms) {
  proc_.Put({.tgid = 10, .exe = "/usr/bin/service"});
  proc_.Put({.tgid = 11, .exe = "/bin/sh"});
  ProcessTable& table = Table({.include = {{Kind::kPort, "", 8080}, {Kind::kExe, "late"}}});
  ASSERT_TRUE(table.Scan());
  EXPECT_TRUE(control_.traced.empty());
  for (const char* path : {"10/net/tcp", "11/net/tcp"}) {  // one network namespace, one table
    proc_.Write(path, "0: 00000000:1F90 00000000:0000 0A 0:0 0:0 0 0 0 77\n");
  }
  proc_.Link("10/fd/3", "socket:[77]");
  proc_.Link("11/exe", "/usr/bin/late");
  ASSERT_TRUE(table.Scan());
  EXPECT_EQ(Traced(), (std::set<std::uint32_t>{10, 11}));
}

TEST_F(ProcessTableTest, ExcludesAreToldOnceAndTheirChildrenDoNotInherit) {
  proc_.Put({.tgid = 10, .exe = "/bin/bash"});
  proc_.Put({.tgid = 11, .parent = 10, .exe = "/usr/bin/secret"});
  proc_.Put({.tgid = 12, .parent = 11, .exe = "/usr/bin/child"});
  ProcessTable& table = Table({.include = {{Kind::kPid, "", 10}}, .exclude_exe = {"secret"}});
  ASSERT_TRUE(table.Scan());
  ASSERT_TRUE(table.Scan());
  EXPECT_EQ(Traced(), std::set<std::uint32_t>{10});
  EXPECT_EQ(control_.excluded, std::vector<std::uint32_t>{11});
}

TEST_F(ProcessTableTest, AForkInheritsAndAnExecIsReadAgain) {
  proc_.Put({.tgid = 10, .exe = "/usr/bin/python3", .arguments = {"python3", "orders.py"}});
  Table({.include = {{Kind::kPid, "", 10}}});
  ASSERT_TRUE(table_->Scan());
  Send(CLEW_PROC_FORK, 11, 10);
  EXPECT_EQ(NameOf(11), "orders");
  EXPECT_NE(table_->Lookup(11), table_->Lookup(10)) << "another process, another resource";
  EXPECT_EQ(control_.forked, (std::vector<std::pair<std::uint32_t, std::uint32_t>>{{11, 10}}));
  Send(CLEW_PROC_CALLS, 11);
  EXPECT_EQ(control_.callers, std::vector<std::uint32_t>{11});
  Send(CLEW_PROC_POOLS, 11);
  EXPECT_EQ(control_.with_pools, std::vector<std::uint32_t>{11});
  proc_.Put({.tgid = 11, .parent = 10, .exe = "/usr/sbin/nginx"});
  EXPECT_TRUE(control_.executed.empty());
  Send(CLEW_PROC_EXEC, 11);
  EXPECT_EQ(control_.executed, std::vector<std::uint32_t>{11});
  EXPECT_EQ(NameOf(11), "nginx");
  EXPECT_EQ(control_.traced[11], InjectClass::kUses);
}

TEST_F(ProcessTableTest, AnExecutedExcludeEndsTracing) {
  proc_.Put({.tgid = 10, .exe = "/bin/bash"});
  Table({.include = {{Kind::kPid, "", 10}}, .exclude_exe = {"secret"}});
  ASSERT_TRUE(table_->Scan());
  proc_.Put({.tgid = 10, .exe = "/usr/bin/secret"});
  Send(CLEW_PROC_EXEC, 10);
  EXPECT_EQ(control_.excluded, std::vector<std::uint32_t>{10});
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(ProcessTableTest, AnExecOfAProcessNobodyNamedIsNotTraced) {
  proc_.Put({.tgid = 30, .exe = "/usr/bin/other"});
  Table({.include = {{Kind::kExe, "late"}}});
  Send(CLEW_PROC_EXEC, 30);
  EXPECT_TRUE(control_.traced.empty());
  proc_.Put({.tgid = 31, .exe = "/usr/bin/late"});
  Send(CLEW_PROC_EXEC, 31);
  EXPECT_EQ(Traced(), std::set<std::uint32_t>{31});
}

TEST_F(ProcessTableTest, AProcessThatWasGoneBeforeItCouldBeReadHasItsCommandsName) {
  Table({.include = {{Kind::kCgroup, "/a"}}});
  Send(CLEW_PROC_SEEN, 50);
  EXPECT_EQ(NameOf(50), "command");
  EXPECT_EQ(NameOf(51), "unknown_service");
}

TEST_F(ProcessTableTest, AnExitedProcessStaysForTheGracePeriod) {
  proc_.Put({.tgid = 10, .exe = "/usr/bin/curl"});
  Table({.include = {{Kind::kExe, "curl"}}});
  ASSERT_TRUE(table_->Scan());
  proc_.Remove(10);
  Send(CLEW_PROC_EXIT, 10);
  EXPECT_EQ(table_->size(), 0u);
  now_ += std::chrono::seconds(29);
  table_->Expire();
  EXPECT_EQ(NameOf(10), "curl");
  now_ += std::chrono::seconds(2);
  table_->Expire();
  EXPECT_EQ(NameOf(10), "unknown_service");
  EXPECT_EQ(control_.forgotten, std::vector<std::uint32_t>{10});
}

TEST_F(ProcessTableTest, ALostExitIsNoticedByTheScanAndAReusedPidIsAnotherProcess) {
  proc_.Put({.tgid = 10, .start_ticks = 5, .exe = "/usr/bin/curl"});
  proc_.Put({.tgid = 11, .start_ticks = 5, .exe = "/usr/bin/curl"});
  Table({.include = {{Kind::kExe, "curl"}}});
  ASSERT_TRUE(table_->Scan());
  proc_.Remove(10);
  proc_.Put({.tgid = 11, .start_ticks = 6, .exe = "/usr/bin/other"});
  ASSERT_TRUE(table_->Scan());
  EXPECT_EQ(table_->size(), 0u);
  now_ += std::chrono::seconds(31);
  table_->Expire();
  EXPECT_EQ(control_.forgotten, std::vector<std::uint32_t>{10}) << "11 is alive as somebody else";
}

TEST_F(ProcessTableTest, IsBounded) {
  Table({.include = {{Kind::kCgroup, "/"}}}, /*max_processes=*/8);
  for (std::uint32_t tgid = 2000; tgid < 2100; ++tgid) {
    Send(CLEW_PROC_SEEN, tgid);
    if (tgid % 2 == 0) Send(CLEW_PROC_EXIT, tgid);
  }
  EXPECT_LE(table_->size(), 8u);
  EXPECT_EQ(NameOf(2099), "command");
}

}  // namespace
}  // namespace clew::process
