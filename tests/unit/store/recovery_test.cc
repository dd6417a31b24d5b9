// The store gets over failed writes by itself: what was acknowledged is there, once, and nothing
// but time has to pass once the disk is well again.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "fault_env.h"
#include "five_spans.h"
#include "open_store.h"
#include "store/gate.h"
#include "store/rocks_db.h"
#include "test_spans.h"

namespace clew::store {
namespace {

constexpr std::chrono::milliseconds kStep{2};
constexpr int kPatience = 30'000;  // steps

std::unique_ptr<RocksStore> Open(const TempDir& dir, FaultEnv* env, std::size_t seal_spans) {
  return OpenStore({.path = dir.path(),
                    .seal_spans = seal_spans,
                    .segment_rows = 32,
                    .env = env,
                    .recovery_interval = kStep});
}

// As a sender does it that is told to come back.
template <typename Write>
Status UntilTaken(Write write) {
  Status written;
  for (int i = 0; i < kPatience; ++i) {
    written = write();
    if (written) return written;
    const Code code = written.error().code;
    if (code != Code::kUnavailable && code != Code::kExhausted) return written;
    std::this_thread::sleep_for(kStep);
  }
  return written;
}

Status AppendUntilTaken(RocksStore& store, const SpanBatch& batch) {
  return UntilTaken([&] { return store.Append(batch); });
}

class Recovery : public testing::TestWithParam<Fault> {};
INSTANTIATE_TEST_SUITE_P(Faults, Recovery,
                         testing::Values(Fault::kError, Fault::kNoSpace, Fault::kTorn));

TEST_P(Recovery, AppendsGoOnWhenTheDiskIsWellAgain) {
  TempDir dir;
  FaultEnv env;
  auto store = Open(dir, &env, 1'000'000);
  ASSERT_TRUE(store->Append(FiveSpans(1)));
  env.Set(GetParam());
  for (int i = 0; i < 3; ++i) {
    const Status refused = store->Append(FiveSpans(2));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().code == Code::kUnavailable ||
                refused.error().code == Code::kExhausted)
        << refused.error().message;
  }
  EXPECT_FALSE(store->GetHealth().writable);
  EXPECT_NE(store->GetHealth().refusal, "");
  ExpectFiveSpans(*store, 1);
  env.Set(Fault::kNone);
  const Status taken = AppendUntilTaken(*store, FiveSpans(2));
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_TRUE(store->GetHealth().writable);
  EXPECT_EQ(store->GetHealth().refusal, "");
  ASSERT_TRUE(store->Append(FiveSpans(2)));  // a sender that did not hear the answer
  ASSERT_TRUE(store->Append(FiveSpans(3)));
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t number = 1; number <= 3; ++number) ExpectFiveSpans(*store, number);
    EXPECT_EQ(store->Stats().spans, 15u);
    EXPECT_EQ(store->Stats().traces, 3u);
    store.reset();
    store = Open(dir, nullptr, 1'000'000);
  }
}

// Opening writes what the log holds out to tables. Where that cannot end well, a store that can be
// read is worth more than none.
TEST_P(Recovery, WaitsForRoomAndIsReadMeanwhile) {
  TempDir dir;
  FaultEnv env;
  auto store = Open(dir, &env, 1'000'000);
  ASSERT_TRUE(store->Append(FiveSpans(1)));
  env.Set(GetParam());
  ASSERT_FALSE(store->Append(FiveSpans(2)));
  env.SetFree(1000);
  env.Set(Fault::kNone);
  for (int i = 0; i < kPatience && env.times_asked() < 3; ++i) std::this_thread::sleep_for(kStep);
  ASSERT_GE(env.times_asked(), 3);
  EXPECT_EQ(store->GetHealth().reopens, 0u);
  ExpectFiveSpans(*store, 1);
  env.SetFree(1ull << 40);
  ASSERT_TRUE(AppendUntilTaken(*store, FiveSpans(2)));
  ExpectFiveSpans(*store, 1);
  ExpectFiveSpans(*store, 2);
}

TEST_P(Recovery, OfAFailedSealLeavesEverySpanInOnePlace) {
  TempDir dir;
  FaultEnv env;
  auto store = Open(dir, &env, 1'000'000);
  for (std::uint64_t number = 1; number <= 20; ++number)
    ASSERT_TRUE(store->Append(FiveSpans(number)));
  env.Set(GetParam());
  EXPECT_FALSE(store->Seal());
  env.Set(Fault::kNone);
  ASSERT_TRUE(AppendUntilTaken(*store, FiveSpans(21)));
  ASSERT_TRUE(store->Seal());
  for (std::uint64_t number = 1; number <= 21; ++number) ExpectFiveSpans(*store, number);
  EXPECT_EQ(store->Stats().spans, 105u);
  EXPECT_EQ(store->GetHealth().hot_spans, 0u);
}

// Sealing ends with a compaction, in which RocksDB fails by itself: nothing is written behind it
// that would tell.
TEST(Recovery, OfASealThatFailsAnywhereNeedsNoOtherWrite) {
  TempDir dir;
  FaultEnv env;
  auto store = Open(dir, &env, 1'000'000);
  constexpr std::uint64_t kTries = 12;
  int failed = 0;
  for (std::uint64_t number = 1; number <= kTries; ++number) {
    ASSERT_TRUE(AppendUntilTaken(*store, FiveSpans(number)));
    store.reset();  // writes the hot rows into a table, which the seal has to compact
    store = Open(dir, &env, 1'000'000);
    env.Set(Fault::kError, static_cast<int>(number));
    if (!store->Seal()) ++failed;
    env.Set(Fault::kNone);
    const Status sealed = UntilTaken([&] { return store->Seal(); });
    ASSERT_TRUE(sealed) << number << ": " << sealed.error().message;
    ExpectFiveSpans(*store, number);
  }
  EXPECT_GT(failed, 0);
}

TEST(Recovery, ACursorOfBeforeSaysThatTheStoreWasOpenedAgain) {
  TempDir dir;
  FaultEnv env;
  auto store = Open(dir, &env, 1'000'000);
  constexpr std::uint64_t kSpans = 20'000;  // more than a cursor hands out at a time
  SpanBatch batch;
  for (std::uint64_t id = 1; id <= kSpans; ++id) batch.push_back(MakeSpan({.id = id}));
  ASSERT_TRUE(store->Append(batch));
  ASSERT_TRUE(store->Seal());
  const auto cursor = store->OpenTrace(TestTraceId(1));
  ASSERT_TRUE(cursor);
  const auto first = (*cursor)->Next();
  ASSERT_TRUE(first);
  EXPECT_GT(first->size(), 0u);
  env.Set(Fault::kError);
  EXPECT_FALSE(store->Append(FiveSpans(2)));
  EXPECT_FALSE(store->Append(FiveSpans(2)));
  env.Set(Fault::kNone);
  ASSERT_TRUE(AppendUntilTaken(*store, FiveSpans(2)));
  ASSERT_EQ(store->GetHealth().reopens, 1u);
  const auto next = (*cursor)->Next();
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, Code::kUnavailable);
  EXPECT_EQ(ReadAll(*store, TestTraceId(1)).size(), kSpans);
}

// As the client of a check is that has its output in a pager.
TEST(Recovery, DoesNotWaitForWhoHearsOfDamages) {
  TempDir dir;
  FaultEnv env;
  Open(dir, nullptr, 1'000'000).reset();
  constexpr std::uint64_t kDamages = 5000;  // more than anything on their way has room for
  {
    const auto db = RocksDb::Open(dir.path());
    ASSERT_TRUE(db);
    for (std::uint64_t i = 1; i <= kDamages; ++i) {
      const TraceId trace = TestTraceId(1000 + i);
      ASSERT_TRUE((*db)->db().Put({}, (*db)->trace(), std::string(trace.View()), "odd").ok());
    }
  }
  auto store = Open(dir, &env, 1'000'000);
  std::atomic<std::uint64_t> told{0};
  std::atomic<bool> listens{false};
  Result<CheckReport> checked = Error{Code::kInternal, "did not end"};
  {
    const std::jthread client([&] {
      checked = store->Check(
          [&](const Damage&) {
            ++told;
            while (!listens) std::this_thread::sleep_for(kStep);
          },
          {});
    });
    while (told == 0) std::this_thread::yield();
    env.Set(Fault::kError);
    EXPECT_FALSE(store->Append(FiveSpans(1)));
    env.Set(Fault::kNone);
    const Status taken = AppendUntilTaken(*store, FiveSpans(1));
    EXPECT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(told, 1u);
    listens = true;
  }
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::kUnavailable);
  // Of a store that is left alone all are heard.
  told = 0;
  const auto again = store->Check([&](const Damage&) { ++told; }, {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(told, kDamages);
  EXPECT_EQ(again->damages, kDamages);
}

TEST(Recovery, NothingIsLostOrDoubledWhileFaultsComeAndGoUnderReaders) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  constexpr std::uint64_t kTraces = 80;
  TempDir dir;
  FaultEnv env;
  auto store = Open(dir, &env, 40);  // sealing goes on all the time
  std::atomic<bool> done{false};
  {
    std::jthread faults([&] {
      constexpr Fault kFaults[] = {Fault::kError, Fault::kNoSpace, Fault::kTorn};
      while (!done) {
        std::this_thread::sleep_for(kStep * (1 + random() % 20));
        env.Set(kFaults[random() % 3]);
        std::this_thread::sleep_for(kStep * (1 + random() % 5));
        env.Set(Fault::kNone);
      }
    });
    std::jthread reader([&] {
      for (std::uint64_t number = 1; !done; number = number % kTraces + 1) {
        SpanBatch spans;
        const Status read = store->ReadTrace(TestTraceId(number), [&](const SpanRecord& span) {
          spans.push_back(span);
          return true;
        });
        // A trace is there as a whole, or not at all, or it is told why it cannot be had.
        if (read) {
          EXPECT_EQ(Sorted(spans), Sorted(FiveSpans(number)));
        }
        (void)store->Search(Ask("service=shop"), {});
      }
    });
    for (std::uint64_t number = 1; number <= kTraces; ++number) {
      const Status taken = AppendUntilTaken(*store, FiveSpans(number));
      if (!taken) ADD_FAILURE() << taken.error().message;
    }
    done = true;
  }
  // The last fault may have hit a seal behind the last answer: then the store opens itself again
  // now.
  ASSERT_TRUE(UntilTaken([&] { return store->Seal(); }));
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t number = 1; number <= kTraces; ++number) ExpectFiveSpans(*store, number);
    EXPECT_EQ(store->Stats().spans, kTraces * 5);
    EXPECT_EQ(store->Stats().traces, kTraces);
    store.reset();
    store = Open(dir, nullptr, 40);
  }
}

TEST(Gate, ClosesWhenTheLastUserHasLeftAndCountsGenerations) {
  Gate gate;
  auto use = gate.Enter();
  ASSERT_TRUE(use);
  EXPECT_EQ(use->generation(), 0u);
  std::atomic<bool> closed{false};
  {
    std::jthread closer([&] {
      gate.Close();
      closed = true;
      gate.Open();
    });
    while (!gate.closed()) std::this_thread::yield();
    EXPECT_FALSE(gate.Enter());
    EXPECT_FALSE(closed);
    use.reset();
  }
  EXPECT_TRUE(closed);
  const auto next = gate.Enter();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->generation(), 1u);
}

}  // namespace
}  // namespace clew::store
