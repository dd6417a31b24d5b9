#include "admin/service/convert.h"

#include <gtest/gtest.h>

namespace clew::admin {
namespace {

TEST(AdminConvert, EveryFieldOfTheDetailsComesBack) {
  store::StoreDetails details{.format = 2,
                              .spans = 3,
                              .traces = 4,
                              .hot_spans = 5,
                              .services = 6,
                              .segments = 7,
                              .oldest = UnixNanosFrom(8),
                              .newest = UnixNanosFrom(9),
                              .log_bytes = 10,
                              .disk_free_bytes = 11,
                              .families = {{"segment", 12, 13}},
                              .buckets = {{14, 15, 16, 17, UnixNanosFrom(18), UnixNanosFrom(19)}},
                              .seal_lag = std::chrono::nanoseconds(20)};
  const store::StoreDetails back = FromProto(ToProto(details));
  EXPECT_EQ(ToProto(back).SerializeAsString(), ToProto(details).SerializeAsString());
  EXPECT_EQ(back.newest, details.newest);
  EXPECT_EQ(back.disk_free_bytes, 11u);
  ASSERT_EQ(back.families.size(), 1u);
  EXPECT_EQ(back.families[0].bytes, 13u);
  ASSERT_EQ(back.buckets.size(), 1u);
  EXPECT_EQ(back.buckets[0].spans, 16u);
  EXPECT_EQ(back.buckets[0].max_start, UnixNanosFrom(19));
  EXPECT_EQ(back.seal_lag, std::chrono::nanoseconds(20));
}

TEST(AdminConvert, ReportsComeBack) {
  const auto check = FromProto(ToProto(store::CheckReport{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(check.files + 10 * check.segments + 100 * check.damages, 1u + 30 + 600);
  const auto backup = FromProto(ToProto(store::BackupReport{"/b\xff", 1, 2, 3, true}));
  EXPECT_EQ(backup.path, "/b\xff");
  EXPECT_EQ(backup.spans, 3u);
  EXPECT_TRUE(backup.linked);
  EXPECT_EQ(FromProto(ToProto(store::CompactReport{1, 2})).bytes_after, 2u);
  const auto damage = FromProto(ToProto(store::Damage{"a\xff", "b", "c"}));
  EXPECT_EQ(damage.place + damage.problem + damage.remedy,
            "a\xff"
            "bc");
  EXPECT_EQ(FromProto(ToProto(store::Progress{"x", 1, 2})).total, 2u);
}

TEST(AdminConvert, APolicyComesBackAndIsBounded) {
  const store::RetentionPolicy policy{.max_age = std::chrono::hours(5),
                                      .max_bytes = 6,
                                      .min_free_bytes = 7,
                                      .keep_all = std::chrono::hours(1),
                                      .keep_sample = std::chrono::hours(2),
                                      .sample_percent = 3,
                                      .slow = std::chrono::milliseconds(4)};
  const auto back = FromProto(ToProto(policy));
  EXPECT_EQ(back.max_age, policy.max_age);
  EXPECT_EQ(back.max_bytes, 6u);
  EXPECT_EQ(back.min_free_bytes, 7u);
  EXPECT_EQ(back.keep_all, policy.keep_all);
  EXPECT_EQ(back.keep_sample, policy.keep_sample);
  EXPECT_EQ(back.sample_percent, 3u);
  EXPECT_EQ(back.slow, policy.slow);
  v1::Policy endless;
  endless.set_max_age_hours(~0ull);
  EXPECT_EQ(FromProto(endless).max_age, std::chrono::hours(1'000'000));
}

TEST(AdminConvert, WhatTiersTookComesBack) {
  const auto back = FromProto(ToProto(
      store::RetentionReport{.sampled = {1, 2, 3}, .without_errors = {4, 5, 6}, .rewritten = 7}));
  EXPECT_EQ(back.sampled.bytes, 3u);
  EXPECT_EQ(back.without_errors.traces, 5u);
  EXPECT_EQ(back.rewritten, 7u);
}

TEST(AdminConvert, ATimeThatNoneIsBecomesZero) {
  v1::RetentionReport response;
  response.set_newest_start_unix_nano(~0ull);
  EXPECT_EQ(FromProto(response).newest_start, UnixNanos{});
}

}  // namespace
}  // namespace clew::admin
