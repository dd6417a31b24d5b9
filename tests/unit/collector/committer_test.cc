#include "collector/pipeline/committer.h"

#include <gtest/gtest.h>

#include <future>
#include <semaphore>

#include "collector/pipeline/byte_budget.h"
#include "store/memory_store.h"
#include "test_spans.h"

namespace clew::pipeline {
namespace {

using store::MakeSpan;

// Counts writes, holds them up, lets them fail.
class SlowStore final : public store::SpanStore {
 public:
  Status Append(const store::SpanBatch& batch) override {
    entered.release();
    proceed.acquire();
    ++appends;
    spans += batch.size();
    return fail ? Status(Error{Code::kExhausted, "disk full"}) : Status{};
  }
  Status ReadTrace(const TraceId& trace,
                   const std::function<bool(const store::SpanRecord&)>& each) override {
    return none.ReadTrace(trace, each);
  }
  Result<std::vector<TraceId>> FindByPrefix(const std::string& prefix, std::size_t limit) override {
    return none.FindByPrefix(prefix, limit);
  }
  Result<store::Page> Search(const store::Query& query, const store::Budget& budget) override {
    return none.Search(query, budget);
  }
  Result<std::vector<store::ServiceInfo>> Services() override { return none.Services(); }
  Result<store::Listing<store::OperationInfo>> Operations(const std::string& service) override {
    return none.Operations(service);
  }
  Result<store::Listing<store::AttributeKeyInfo>> AttributeKeys() override {
    return none.AttributeKeys();
  }
  Result<store::DependencyGraph> Dependencies(UnixNanos from, UnixNanos to) override {
    return none.Dependencies(from, to);
  }
  store::StoreStats Stats() override { return none.Stats(); }

  store::MemoryStore none;
  std::counting_semaphore<> entered{0};
  std::counting_semaphore<> proceed{0};
  std::atomic<int> appends{0};
  std::atomic<std::size_t> spans{0};
  std::atomic<bool> fail{false};
};

TEST(Committer, AnswersOnlyAfterTheWrite) {
  SlowStore store;
  collector::Counters counters;
  Committer committer(store, counters);
  std::promise<Status> answer;
  auto answered = answer.get_future();
  committer.Submit({MakeSpan({})}, [&](const Status& status) { answer.set_value(status); });
  store.entered.acquire();
  EXPECT_EQ(answered.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  store.proceed.release();
  EXPECT_TRUE(answered.get());
}

TEST(Committer, WhatGathersDuringAWriteSharesTheNextOne) {
  SlowStore store;
  collector::Counters counters;
  Committer committer(store, counters);
  std::atomic<int> answers{0};
  const auto count = [&](const Status& status) { answers += status ? 1 : 0; };
  committer.Submit({MakeSpan({})}, count);
  store.entered.acquire();  // the first write is under way
  for (std::uint64_t id = 2; id <= 20; ++id) committer.Submit({MakeSpan({.id = id})}, count);
  store.proceed.release(2);
  committer.Stop();
  EXPECT_EQ(store.appends, 2);
  EXPECT_EQ(store.spans, 20u);
  EXPECT_EQ(answers, 20);
  EXPECT_EQ(counters.commits, 2u);
}

TEST(Committer, AFailedWriteIsToldToEveryoneInIt) {
  SlowStore store;
  store.fail = true;
  store.proceed.release(10);
  collector::Counters counters;
  Committer committer(store, counters);
  std::promise<Status> answer;
  committer.Submit({MakeSpan({})}, [&](const Status& status) { answer.set_value(status); });
  const Status status = answer.get_future().get();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kExhausted);
}

TEST(Committer, StopWritesWhatItHasAndRefusesTheRest) {
  SlowStore store;
  store.proceed.release(10);
  collector::Counters counters;
  Committer committer(store, counters);
  int stored = 0;
  for (std::uint64_t id = 1; id <= 5; ++id) {
    committer.Submit({MakeSpan({.id = id})},
                     [&](const Status& status) { stored += status ? 1 : 0; });
  }
  committer.Stop();
  committer.Stop();
  EXPECT_EQ(stored, 5);
  Code code = Code::kInternal;
  committer.Submit({MakeSpan({})}, [&](const Status& status) { code = status.error().code; });
  EXPECT_EQ(code, Code::kUnavailable);
}

TEST(ByteBudget, SharesComeBackWhenTheyGo) {
  ByteBudget budget(100);
  {
    ByteBudget::Share first = budget.Take(60);
    EXPECT_TRUE(first);
    EXPECT_FALSE(budget.Take(41));
    ByteBudget::Share moved = std::move(first);
    EXPECT_EQ(budget.used(), 60u);
    EXPECT_TRUE(budget.Take(40));
    EXPECT_EQ(budget.used(), 60u);
  }
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_FALSE(budget.Take(101));
  EXPECT_FALSE(budget.Take(~std::size_t{0}));
}

}  // namespace
}  // namespace clew::pipeline
