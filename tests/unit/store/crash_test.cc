// kill -9 while spans are being appended: whatever was acknowledged is there afterwards, once.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "store/rocks_store.h"
#include "test_spans.h"

extern char** environ;

namespace clew::store {
namespace {

constexpr std::uint64_t kSpansPerBatch = 20;
constexpr int kAckFd = 3;
constexpr const char* kDirVariable = "CLEW_CRASH_TEST_DIR";
constexpr const char* kFirstVariable = "CLEW_CRASH_TEST_FIRST";

// Spans n*kSpansPerBatch... of batch n, spread over traces that later batches grow.
SpanBatch BatchNumber(std::uint64_t n) {
  SpanBatch batch;
  for (std::uint64_t i = 0; i < kSpansPerBatch; ++i) {
    batch.push_back(
        MakeSpan({.trace = (n / 4) * kSpansPerBatch + i, .id = n + 1, .start_ms = 10'000 - n % 4}));
  }
  return batch;
}

// The process that dies: appends batches for ever and writes the number of each acknowledged one to
// kAckFd.
TEST(CrashChild, DISABLED_AppendsUntilKilled) {
  const char* const dir = std::getenv(kDirVariable);
  const char* const first = std::getenv(kFirstVariable);
  ASSERT_TRUE(dir != nullptr && first != nullptr);
  auto store = OpenRocksStore({.path = dir});
  ASSERT_TRUE(store) << store.error().message;
  for (std::uint64_t n = std::strtoull(first, nullptr, 10);; ++n) {
    ASSERT_TRUE((*store)->Append(BatchNumber(n)));
    ASSERT_EQ(::write(kAckFd, &n, sizeof(n)), static_cast<ssize_t>(sizeof(n)));
  }
}

// Runs the child, kills it `life` after its first acknowledgement, and gives the numbers that it
// acknowledged.
std::vector<std::uint64_t> RunAndKill(const std::string& dir, std::uint64_t first,
                                      std::chrono::milliseconds life) {
  ::setenv(kDirVariable, dir.c_str(), 1);
  ::setenv(kFirstVariable, std::to_string(first).c_str(), 1);
  std::array<int, 2> ends{};
  CLEW_CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), kAckFd);
  std::string self = "crash_test";
  std::string filter = "--gtest_filter=CrashChild.*";
  std::string disabled = "--gtest_also_run_disabled_tests";
  std::string quiet = "--gtest_brief=1";
  std::array<char*, 5> argv = {self.data(), filter.data(), disabled.data(), quiet.data(), nullptr};
  pid_t child = 0;
  CLEW_CHECK(::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, argv.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  write_end.Reset();

  // The time runs from the first acknowledgement: on a busy machine it takes a while to get there.
  std::vector<std::uint64_t> acked;
  std::uint64_t number = 0;
  std::jthread killer;
  while (::read(read_end.get(), &number, sizeof(number)) == sizeof(number)) {
    if (acked.empty()) {
      killer = std::jthread([child, life] {
        std::this_thread::sleep_for(life);
        ::kill(child, SIGKILL);
      });
    }
    acked.push_back(number);
  }
  if (killer.joinable()) killer.join();  // before the id of the child is free for another process
  ::waitpid(child, nullptr, 0);
  return acked;
}

TEST(Crash, LosesAndDoublesNothingThatWasAcknowledged) {
  TempDir dir;
  std::uint64_t next = 0;
  for (int round = 0; round < 6; ++round) {
    const auto life = std::chrono::milliseconds(100 + 137 * round);
    const auto acked = RunAndKill(dir.path(), next, life);
    ASSERT_FALSE(acked.empty()) << "the child ended before it had stored anything";
    ASSERT_EQ(acked.front(), next);
    next = acked.back() + 1;
  }
  auto store = OpenRocksStore({.path = dir.path()});
  ASSERT_TRUE(store) << store.error().message;
  // A batch that was being written at a kill may be there or not; the next round has repeated it.
  const std::uint64_t traces = (next + 3) / 4 * kSpansPerBatch;
  for (std::uint64_t trace = 0; trace < traces; ++trace) {
    const std::uint64_t first_batch = trace / kSpansPerBatch * 4;
    std::set<std::string> ids;
    const auto spans = ReadAll(**store, TestTraceId(trace));
    for (const SpanRecord& span : spans) ids.insert(span.span_id.ToHex());
    EXPECT_EQ(ids.size(), spans.size()) << "trace " << trace << " has a span twice";
    for (std::uint64_t n = first_batch; n < std::min(next, first_batch + 4); ++n) {
      const SpanRecord expected = MakeSpan({.id = n + 1});
      EXPECT_TRUE(ids.contains(expected.span_id.ToHex())) << "batch " << n << " trace " << trace;
    }
  }
  const std::size_t found = SearchAll(**store, Ask("service=shop")).size();
  EXPECT_GE(found, traces - kSpansPerBatch);
  EXPECT_EQ(found, (*store)->Stats().traces);
}

}  // namespace
}  // namespace clew::store
