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
#include <stop_token>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "join_spans.h"
#include "store/rocks_store.h"
#include "test_spans.h"

extern char** environ;

namespace clew::store {
namespace {

constexpr std::uint64_t kSpansPerBatch = 20;
constexpr int kAckFd = 3;
constexpr const char* kDirVariable = "CLEW_CRASH_TEST_DIR";
constexpr const char* kFirstVariable = "CLEW_CRASH_TEST_FIRST";
// Set: retention runs, too. Since when the hours of the store pass, Unix ns.
constexpr const char* kTiersVariable = "CLEW_CRASH_TEST_TIERS";

// An hour of the store passes in so long, so that segments soon are old.
constexpr std::chrono::milliseconds kHourOfTheStore{40};
constexpr RetentionPolicy kTiers{.keep_all = std::chrono::hours(1)};

RocksStoreOptions Options(const std::string& dir) {
  const char* const begin = std::getenv(kTiersVariable);
  if (begin == nullptr) return {.path = dir};
  const UnixNanos since = UnixNanosFrom(std::strtoull(begin, nullptr, 10));
  return {.path = dir, .seal_spans = 200, .segment_rows = 64, .clock = [since] {
            return UnixNanos(
                std::chrono::hours(500'000 + (UnixClock::now() - since) / kHourOfTheStore));
          }};
}

bool IsCaller(std::uint64_t trace) { return trace % 4 < 2; }
// Of batch n in this trace.
std::uint64_t SpanOf(std::uint64_t trace, std::uint64_t n) {
  return 2 * n + (IsCaller(trace) ? 1 : 2);
}

// Spans n*kSpansPerBatch... of batch n, spread over traces that later batches grow. Every other
// trace has errors. Trace t, when it is a caller's, calls t + 2, and is one with it.
SpanBatch BatchNumber(std::uint64_t n) {
  SpanBatch batch;
  for (std::uint64_t i = 0; i < kSpansPerBatch; ++i) {
    const std::uint64_t trace = (n / 4) * kSpansPerBatch + i;
    TestSpan span;
    if (n % 4 == 0) {
      const std::uint64_t call = IsCaller(trace) ? trace : trace - 2;
      span = CallEnd(IsCaller(trace), trace, static_cast<std::int64_t>(call));
      span.service = "shop";
    }
    span.trace = trace;
    span.id = SpanOf(trace, n);
    span.start_ms = 10'000 - n % 4;
    span.error = i % 2 == 1;
    batch.push_back(MakeSpan(span));
  }
  return batch;
}

// The process that dies: appends batches for ever and writes the number of each acknowledged one to
// kAckFd.
TEST(CrashChild, DISABLED_AppendsUntilKilled) {
  const char* const dir = std::getenv(kDirVariable);
  const char* const first = std::getenv(kFirstVariable);
  ASSERT_TRUE(dir != nullptr && first != nullptr);
  const RocksStoreOptions options = Options(dir);
  auto store = OpenRocksStore(options);
  ASSERT_TRUE(store) << store.error().message;
  std::jthread retention;
  if (std::getenv(kTiersVariable) != nullptr) {
    retention = std::jthread([&store](const std::stop_token& stopping) {
      while (!stopping.stop_requested()) EXPECT_TRUE((*store)->Retain(kTiers, false));
    });
  }
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

// Kills the child again and again, and sets `next` to the number of the first batch that was not
// acknowledged.
void KillManyTimes(const std::string& dir, std::uint64_t& next) {
  for (int round = 0; round < 6; ++round) {
    const auto life = std::chrono::milliseconds(100 + 137 * round);
    const auto acked = RunAndKill(dir, next, life);
    ASSERT_FALSE(acked.empty()) << "the child ended before it had stored anything";
    ASSERT_EQ(acked.front(), next);
    next = acked.back() + 1;
  }
}

TEST(Crash, LosesAndDoublesNothingThatWasAcknowledged) {
  TempDir dir;
  std::uint64_t next = 0;
  ASSERT_NO_FATAL_FAILURE(KillManyTimes(dir.path(), next));
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
      const SpanRecord expected = MakeSpan({.id = SpanOf(trace, n)});
      EXPECT_TRUE(ids.contains(expected.span_id.ToHex())) << "batch " << n << " trace " << trace;
    }
  }
  Query all = Ask("service=shop");
  all.limit = 1000;  // they all begin at the same time: each page looks at every one of them
  const std::size_t found = SearchAll(**store, all).size();
  EXPECT_GE(found, (traces - kSpansPerBatch) / 2);
  EXPECT_EQ(found, (*store)->Stats().traces / 2) << "each with the one that it calls";
}

TEST(Crash, LeavesWhatRetentionKeepsWholeAndCountedOnce) {
  TempDir dir;
  ::setenv(kTiersVariable, std::to_string(ToUint64(UnixClock::now())).c_str(), 1);
  std::uint64_t next = 0;
  KillManyTimes(dir.path(), next);
  RocksStoreOptions options = Options(dir.path());
  ::unsetenv(kTiersVariable);
  ASSERT_FALSE(HasFatalFailure());
  options.clock = [clock = options.clock] { return clock() + std::chrono::hours(1'000); };
  auto store = OpenRocksStore(options);
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE((*store)->Append(BatchNumber(next)));  // as the child would have repeated it
  ASSERT_TRUE((*store)->Seal());
  store->reset();
  options.clock = [clock = options.clock] { return clock() + std::chrono::hours(1'000); };
  store = OpenRocksStore(options);
  ASSERT_TRUE(store) << store.error().message;
  for (bool more = true; more;) {
    const auto retained = (*store)->Retain(kTiers, false);
    ASSERT_TRUE(retained) << retained.error().message;
    more = retained->more;
  }
  // Every other trace, with all that came of it and of the one that it is one with.
  for (std::uint64_t trace = 0; trace < (next + 4) / 4 * kSpansPerBatch; ++trace) {
    const std::uint64_t first_batch = trace / kSpansPerBatch * 4;
    const std::uint64_t came = std::min<std::uint64_t>(next + 1 - first_batch, 4);
    const auto spans = ReadAll(**store, TestTraceId(trace));
    EXPECT_EQ(spans.size(), trace % 2 == 1 ? 2 * came : 0) << trace;
  }
  const std::uint64_t kept = (next + 1) * kSpansPerBatch / 2;
  EXPECT_EQ((*store)->Stats().spans, kept);
  EXPECT_EQ((*store)->Stats().traces, (next + 4) / 4 * kSpansPerBatch / 2);
  EXPECT_EQ((*store)->Services()->front().span_count, kept);
  std::uint64_t listed = 0;
  const auto operations = (*store)->Operations("shop");
  ASSERT_TRUE(operations);
  for (const OperationInfo& operation : operations->items) listed += operation.span_count;
  EXPECT_EQ(listed, kept);
  const auto checked = (*store)->Check(
      [](const Damage& damage) { ADD_FAILURE() << damage.place << ": " << damage.problem; }, {});
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->spans, kept);
}

}  // namespace
}  // namespace clew::store
