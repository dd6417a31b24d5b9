// Random spans and random queries that find some of them: small domains, so that everything meets.
#pragma once

#include <cstdint>
#include <random>

#include "test_spans.h"

namespace clew::store {

// The same from the same seed, everywhere.
class RandomQuestions {
 public:
  explicit RandomQuestions(std::uint64_t seed) : random_(seed) {}

  std::uint64_t Below(std::uint64_t n) { return random_() % n; }
  bool OneIn(std::uint64_t n) { return Below(n) == 0; }

  static constexpr std::uint64_t kTraces = 30;
  TestSpan Span();
  // Conditions of every kind, any order, time range and limit; always valid.
  store::Query Query();

 private:
  TestValue Value();
  TestAttributes Attributes();
  void AddEvidence(TestSpan& span);
  Condition SpanCondition();
  Condition TraceCondition();
  Condition AttributeCondition();
  Op Comparison();
  UnixNanos Time();

  std::mt19937_64 random_;
};

}  // namespace clew::store
