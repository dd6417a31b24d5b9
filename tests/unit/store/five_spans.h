// The trace of five spans that the tests of failures write, again and again.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "store/span_store.h"
#include "test_spans.h"

namespace clew::store {

// A chain of five spans, of trace `number`.
inline SpanBatch FiveSpans(std::uint64_t number) {
  SpanBatch batch;
  for (std::uint64_t id = 1; id <= 5; ++id) {
    batch.push_back(MakeSpan({.trace = number, .id = id, .parent = id - 1, .start_ms = 1000 + id}));
  }
  return batch;
}

// All of them are stored, once.
inline void ExpectFiveSpans(SpanStore& store, std::uint64_t number) {
  EXPECT_EQ(Sorted(ReadAll(store, TestTraceId(number))), Sorted(FiveSpans(number))) << number;
}

}  // namespace clew::store
