#include "agent/conn/late_parents.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace clew::conn {
namespace {

using protocols::Exchange;

constexpr KernelNanos At(int seconds) { return KernelNanos(std::chrono::seconds(seconds)); }

SpanId IdOf(std::uint8_t number) {
  SpanId id;
  id.bytes[7] = number;
  return id;
}

class Collected final : public Sink<Exchange> {
 public:
  void Push(Exchange exchange) override { all.push_back(std::move(exchange)); }
  std::vector<Exchange> all;
};

class LateParentsTest : public testing::Test {
 protected:
  // A call with the span id `number`.
  void Push(std::uint8_t number, bool awaits = true) {
    Exchange exchange;
    exchange.role = protocols::Role::kClient;
    exchange.context.span_id = IdOf(number);
    exchange.context.awaits_handback = awaits;
    late_.Push(std::move(exchange));
  }
  // LIKELY names the request whose span id is 100 more than the call's.
  void Say(std::uint8_t number, int verdict) {
    clew_handback_event event{};
    event.span_id[7] = number;
    if (verdict == CLEW_HANDBACK_LIKELY) {
      event.trace_id[0] = 1;
      event.parent_id[7] = static_cast<std::uint8_t>(number + 100);
    }
    event.verdict = static_cast<std::uint8_t>(verdict);
    late_.OnHandback(event);
  }
  // Span id and late parent of what came out, in order; 0: no parent.
  std::vector<std::pair<int, int>> Out() const {
    std::vector<std::pair<int, int>> out;
    for (const Exchange& each : out_.all)
      out.emplace_back(each.context.span_id.bytes[7], each.context.late_parent_id.bytes[7]);
    return out;
  }
  using Pairs = std::vector<std::pair<int, int>>;

  Collected out_;
  LateParents late_{{.wait = std::chrono::seconds(1), .max_waiting = 3}, out_};
};

TEST_F(LateParentsTest, WhatExpectsNoWordPassesAtOnce) {
  Push(1, false);
  EXPECT_EQ(Out(), (Pairs{{1, 0}}));
  EXPECT_EQ(late_.waiting(), 0u);
}

TEST_F(LateParentsTest, ACallGetsTheParentThatTheNextCallConfirms) {
  Push(1);
  Say(1, CLEW_HANDBACK_LIKELY);
  EXPECT_EQ(Out(), Pairs{});
  Say(1, CLEW_HANDBACK_SURE);
  EXPECT_EQ(Out(), (Pairs{{1, 101}}));
  EXPECT_TRUE(out_.all[0].context.late_trace_id.valid());
  EXPECT_EQ(late_.waiting(), 0u);
}

TEST_F(LateParentsTest, ASecondRequestTakesTheParentAway) {
  Push(1);
  Say(1, CLEW_HANDBACK_LIKELY);
  Say(1, CLEW_HANDBACK_NOBODY);
  late_.OnDrained(At(5));
  EXPECT_EQ(Out(), (Pairs{{1, 0}}));
}

TEST_F(LateParentsTest, WhatIsLikelyStandsWhenTheWorkerSaysNoMore) {
  late_.OnDrained(At(10));
  Push(1);
  Push(2);
  Say(1, CLEW_HANDBACK_LIKELY);
  late_.OnDrained(At(11) - std::chrono::nanoseconds(1));
  EXPECT_EQ(Out(), Pairs{});
  late_.OnDrained(At(11));
  EXPECT_EQ(Out(), (Pairs{{1, 101}, {2, 0}}));
}

TEST_F(LateParentsTest, TheWordMayComeBeforeTheExchange) {
  Say(1, CLEW_HANDBACK_LIKELY);
  Say(2, CLEW_HANDBACK_NOBODY);
  Say(3, CLEW_HANDBACK_LIKELY);
  Say(3, CLEW_HANDBACK_SURE);
  Push(1);
  Push(2);
  Push(3);
  EXPECT_EQ(Out(), (Pairs{{2, 0}, {3, 103}}));
  late_.Flush();
  EXPECT_EQ(Out(), (Pairs{{2, 0}, {3, 103}, {1, 101}}));
}

TEST_F(LateParentsTest, TheOldestMakesRoom) {
  for (std::uint8_t number = 1; number <= 5; ++number) Push(number);
  EXPECT_EQ(Out(), (Pairs{{1, 0}, {2, 0}}));
  EXPECT_EQ(late_.waiting(), 3u);
}

TEST_F(LateParentsTest, MalformedWordsAreNoEvidence) {
  Push(1);
  Say(0, CLEW_HANDBACK_SURE);  // of no call
  Say(1, 0);
  Say(1, 200);
  clew_handback_event nameless{};
  nameless.span_id[7] = 1;
  nameless.verdict = CLEW_HANDBACK_LIKELY;
  late_.OnHandback(nameless);
  EXPECT_EQ(late_.waiting(), 1u);
  late_.Flush();
  EXPECT_EQ(Out(), (Pairs{{1, 0}}));
}

TEST_F(LateParentsTest, NothingIsLostDoubledOrKeptWhateverComesInWhateverOrder) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int clock = 0;
  std::size_t pushed = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto number = static_cast<std::uint8_t>(1 + random() % 9);
    switch (random() % 4) {
      case 0:
        Push(number);
        ++pushed;
        break;
      case 1:
      case 2:
        Say(number, static_cast<int>(random() % 5));
        break;
      default:
        late_.OnDrained(At(clock += static_cast<int>(random() % 2)));
    }
    ASSERT_LE(late_.waiting(), 3u);
  }
  late_.Flush();
  EXPECT_EQ(late_.waiting(), 0u);
  EXPECT_EQ(out_.all.size(), pushed);
}

}  // namespace
}  // namespace clew::conn
