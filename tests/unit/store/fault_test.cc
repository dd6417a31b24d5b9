// A disk that fails, fills up, tears writes, forgets and flips bits: what was acknowledged is
// there, once, and what cannot be read is told while the rest is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "fault_env.h"
#include "five_spans.h"
#include "open_store.h"
#include "test_spans.h"

namespace clew::store {
namespace {

using testing::HasSubstr;

// What the clock of a store is ahead of the real one.
std::chrono::hours ahead{0};

std::unique_ptr<RocksStore> Open(const TempDir& dir, FaultEnv* env, std::size_t seal_spans) {
  ahead = std::chrono::hours(0);
  return OpenStore(
      {.path = dir.path(), .seal_spans = seal_spans, .segment_rows = 32, .env = env, .clock = [] {
         return UnixClock::now() + ahead;
       }});
}

class FailedWrite : public testing::TestWithParam<Fault> {};
INSTANTIATE_TEST_SUITE_P(Faults, FailedWrite,
                         testing::Values(Fault::kError, Fault::kNoSpace, Fault::kTorn));

TEST_P(FailedWrite, IsToldLeavesAllElseReadableAndIsRepeatedAfterAReopen) {
  TempDir dir;
  FaultEnv env;
  auto store = Open(dir, &env, 1'000'000);
  ASSERT_TRUE(store->Append(FiveSpans(1)));
  env.Set(GetParam());
  const Status failed = store->Append(FiveSpans(2));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code,
            GetParam() == Fault::kNoSpace ? Code::kExhausted : Code::kUnavailable);
  EXPECT_TRUE(ReadAll(*store, TestTraceId(2)).empty());
  ExpectFiveSpans(*store, 1);
  EXPECT_EQ(store->Stats().spans, 5u);
  store.reset();
  store = Open(dir, nullptr, 1'000'000);
  ExpectFiveSpans(*store, 1);
  ASSERT_TRUE(store->Append(FiveSpans(2)));
  ExpectFiveSpans(*store, 2);
  EXPECT_EQ(store->Stats().spans, 10u);
}

TEST_P(FailedWrite, OfASegmentLeavesTheSpansHot) {
  TempDir dir;
  FaultEnv env;
  auto store = Open(dir, &env, 1'000'000);
  for (std::uint64_t number = 1; number <= 20; ++number)
    ASSERT_TRUE(store->Append(FiveSpans(number)));
  env.Set(GetParam());
  EXPECT_FALSE(store->Seal());
  for (std::uint64_t number = 1; number <= 20; ++number) ExpectFiveSpans(*store, number);
  EXPECT_EQ(store->GetHealth().hot_spans, 100u);
  store.reset();
  store = Open(dir, nullptr, 1'000'000);
  ASSERT_TRUE(store->Seal());
  for (std::uint64_t number = 1; number <= 20; ++number) ExpectFiveSpans(*store, number);
  EXPECT_EQ(store->Stats().spans, 100u);
}

// What a rewriting that fails half-way leaves.
TEST_P(FailedWrite, OfARewrittenSegmentLeavesTheOldOne) {
  TempDir dir;
  FaultEnv env;
  const RetentionPolicy policy{.keep_all = std::chrono::hours(1)};
  auto store = Open(dir, &env, 1'000'000);
  for (std::uint64_t number = 1; number <= 20; ++number) {
    SpanBatch batch = FiveSpans(number);
    if (number % 2 == 0) batch.push_back(MakeSpan({.trace = number, .id = 6, .error = true}));
    ASSERT_TRUE(store->Append(batch));
  }
  ASSERT_TRUE(store->Seal());
  const auto services = *store->Services();
  ahead = std::chrono::hours(4);
  env.Set(GetParam());
  EXPECT_FALSE(store->Retain(policy, false));
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_EQ(store->Stats().spans, 110u);
    EXPECT_EQ(*store->Services(), services);
    for (std::uint64_t number = 1; number <= 20; ++number) {
      EXPECT_EQ(ReadAll(*store, TestTraceId(number)).size(), 5 + (number + 1) % 2);
    }
    store.reset();
    store = Open(dir, nullptr, 1'000'000);
  }
  ahead = std::chrono::hours(4);
  while (store->Retain(policy, false)->more) continue;
  EXPECT_EQ(store->Stats().spans, 60u);
  EXPECT_EQ(store->Services()->front().span_count, 60u);
  for (std::uint64_t number = 1; number <= 20; ++number) {
    EXPECT_EQ(ReadAll(*store, TestTraceId(number)).size(), number % 2 == 0 ? 6u : 0u);
  }
}

TEST(PowerLoss, WhatWasAcknowledgedIsThereOnceWhenUnsyncedWritesAreForgotten) {
  std::mt19937_64 random(1);
  TempDir dir;
  std::uint64_t next = 1;
  for (int round = 0; round < 8; ++round) {
    FaultEnv env;
    auto store = Open(dir, &env, 20);  // sealing goes on all the time
    const std::uint64_t until = next + 5 + random() % 40;
    while (next < until) ASSERT_TRUE(store->Append(FiveSpans(next++)));
    env.Set(Fault::kError);  // the power goes
    store.reset();
    env.DropUnsynced();
  }
  auto store = Open(dir, nullptr, 20);
  for (std::uint64_t number = 1; number < next; ++number) ExpectFiveSpans(*store, number);
  EXPECT_EQ(store->Stats().spans, (next - 1) * 5);
  EXPECT_EQ(store->Stats().traces, next - 1);
}

// Flips a bit in the first segment that a table of the directory holds.
void FlipASegmentBit(const std::string& dir) {
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    if (entry.path().extension() != ".sst") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const std::size_t at = bytes.find("CLSG");
    if (at == std::string::npos) continue;
    bytes[at + 200] = static_cast<char>(bytes[at + 200] ^ 1);
    std::ofstream(entry.path(), std::ios::binary) << bytes;
    return;
  }
  FAIL() << "no segment in " << dir;
}

TEST(BitFlip, TheSegmentIsNamedAndAllOthersAreRead) {
  TempDir dir;
  std::mt19937_64 random(1);
  constexpr std::uint64_t kTraces = 60;
  {
    auto store = Open(dir, nullptr, 1'000'000);
    for (std::uint64_t trace = 1; trace <= kTraces; ++trace) {
      // Noise, so that each segment fills tables' blocks of its own.
      std::string noise;
      for (int i = 0; i < 2000; ++i) noise += static_cast<char>('!' + random() % 90);
      ASSERT_TRUE(store->Append({MakeSpan({.trace = trace, .payload = noise})}));
    }
    ASSERT_TRUE(store->Seal());
  }
  FlipASegmentBit(dir.path());
  auto store = Open(dir, nullptr, 1'000'000);
  std::uint64_t unreadable = 0;
  for (std::uint64_t trace = 1; trace <= kTraces; ++trace) {
    const Status read =
        store->ReadTrace(TestTraceId(trace), [](const SpanRecord&) { return true; });
    if (read) continue;
    EXPECT_EQ(read.error().code, Code::kCorrupt);
    EXPECT_THAT(read.error().message, HasSubstr("segment "));
    ++unreadable;
  }
  EXPECT_GT(unreadable, 0u);
  EXPECT_LT(unreadable, kTraces);
  Query query;
  query.limit = 1000;
  const auto page = store->Search(query, {});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->partial, Partial::kUnreadable);
  EXPECT_THAT(page->partial_detail, HasSubstr("segment "));
  std::set<std::string> places;
  const auto checked = store->Check([&](const Damage& damage) { places.insert(damage.place); }, {});
  ASSERT_TRUE(checked);
  EXPECT_THAT(places, testing::Contains(HasSubstr("segment ")));
  EXPECT_EQ(page->traces.size(), kTraces - unreadable);
}

}  // namespace
}  // namespace clew::store
