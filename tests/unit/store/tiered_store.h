// A store that is let grow old.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "open_store.h"
#include "test_spans.h"

namespace clew::store {

inline constexpr std::uint32_t kHour = 500'000;
inline const UnixNanos kNow = UnixNanos(std::chrono::hours(kHour));
inline const RetentionPolicy kPolicy{.keep_all = std::chrono::hours(2),
                                     .keep_sample = std::chrono::hours(5),
                                     .sample_percent = 0,
                                     .slow = std::chrono::milliseconds(500)};

// A store whose clock is set by hand.
class TieredStore : public testing::Test {
 protected:
  void Open(std::size_t rows = 10, rocksdb::Env* env = nullptr) {
    store_.reset();
    store_ = OpenStore({.path = dir_.path(), .segment_rows = rows, .env = env, .clock = [this] {
                          return UnixNanos(std::chrono::hours(hour_));
                        }});
  }
  void Append(const SpanBatch& batch) {
    ASSERT_TRUE(store_->Append(batch));
    ASSERT_TRUE(store_->Seal());
  }
  RetentionReport Retain(RetentionPolicy policy = kPolicy) {
    RetentionReport all;
    for (bool more = true; more;) {
      const auto report = store_->Retain(policy, false);
      EXPECT_TRUE(report) << report.error().message;
      if (!report) break;
      all.rewritten += report->rewritten;
      all.sampled.spans += report->sampled.spans;
      all.without_errors.spans += report->without_errors.spans;
      more = report->more;
    }
    const auto checked = store_->Check(
        [](const Damage& damage) { ADD_FAILURE() << damage.place << ": " << damage.problem; }, {});
    EXPECT_TRUE(checked);
    EXPECT_EQ(checked->spans, store_->Stats().spans);
    return all;
  }
  std::size_t SpansOf(std::uint64_t trace) { return ReadAll(*store_, TestTraceId(trace)).size(); }

  TempDir dir_;
  std::atomic<std::uint32_t> hour_ = kHour;
  std::unique_ptr<RocksStore> store_;
};

}  // namespace clew::store
