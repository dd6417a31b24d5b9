#include "store/admin/details.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_store.h"
#include "store/admin/administration.h"
#include "store/keys.h"

namespace clew::store {
namespace {

TEST(Details, SayWhatAStoreHolds) {
  TempDir dir;
  MakeSample(dir.path());
  const auto details = AdministrationOfStopped(dir.path())->Details();
  ASSERT_TRUE(details) << details.error().message;
  EXPECT_EQ(details->format, kFormatVersion);
  EXPECT_EQ(details->spans, kSampleSealed + kSampleHot);
  EXPECT_EQ(details->traces, kSampleSealed + kSampleHot);
  EXPECT_EQ(details->hot_spans, kSampleHot);
  EXPECT_EQ(details->services, 1u);
  EXPECT_EQ(details->segments, 5u);
  EXPECT_EQ(details->oldest, UnixNanos(std::chrono::seconds(1)));
  EXPECT_EQ(details->newest, details->oldest);
  EXPECT_GT(details->disk_free_bytes, 0u);
  EXPECT_FALSE(details->seal_lag);
  ASSERT_EQ(details->buckets.size(), 1u);
  EXPECT_EQ(details->buckets[0].segments, 5u);
  EXPECT_EQ(details->buckets[0].spans, kSampleSealed);
  EXPECT_GT(details->buckets[0].bytes, 0u);
  ASSERT_EQ(details->families.size(), 7u);
  EXPECT_EQ(details->families[2].name, "segment");
  EXPECT_GT(details->families[2].bytes, 0u);
}

TEST(Details, OfAnOpenStoreAreThoseOfItsStats) {
  TempDir dir;
  MakeSample(dir.path());
  const auto store = OpenSample(dir.path());
  // One of a sealed trace, one of a new one.
  ASSERT_TRUE(store->Append({MakeSpan({.trace = 1, .id = 9}), MakeSpan({.trace = 4000})}));
  const auto details = store->Details();
  ASSERT_TRUE(details) << details.error().message;
  EXPECT_EQ(details->spans, store->Stats().spans);
  EXPECT_EQ(details->traces, store->Stats().traces);
  EXPECT_TRUE(details->seal_lag);
}

TEST(Compact, FreesWhatRetentionDropped) {
  TempDir dir;
  const auto store = OpenSample(dir.path());
  ASSERT_TRUE(store->Append(SampleTraces(1, 400)));
  ASSERT_TRUE(store->Seal());
  ASSERT_TRUE(store->Compact({}));
  ASSERT_TRUE(store->Retain({.max_bytes = 1}, false));
  ASSERT_TRUE(store->Append(SampleTraces(1000, 10)));
  const auto report = store->Compact({});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_LE(report->bytes_after, report->bytes_before);
  EXPECT_EQ(ReadAll(*store, TestTraceId(1000)).size(), 1u);
  Damages damages;
  ASSERT_TRUE(store->Check(damages.each(), {}));
  EXPECT_THAT(damages.lines(), testing::IsEmpty());
}

TEST(Compact, CanBeEnded) {
  TempDir dir;
  MakeSample(dir.path());
  const auto store = OpenSample(dir.path());
  const auto report = store->Compact({.cancelled = [] { return true; }});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message, CancelledError().message);
}

TEST(Retain, OfAStoppedStoreNeedsAPolicy) {
  TempDir dir;
  MakeSample(dir.path());
  const auto store = AdministrationOfStopped(dir.path());
  EXPECT_EQ(store->Retain({}, true, {}).error().code, Code::kInvalid);
  const auto would = store->Retain(RetentionPolicy{.max_bytes = 1}, true, {});
  ASSERT_TRUE(would);
  EXPECT_EQ(would->spans, kSampleSealed);
  EXPECT_EQ(store->Details()->spans, kSampleSealed + kSampleHot);
  ASSERT_TRUE(store->Retain(RetentionPolicy{.max_bytes = 1}, false, {}));
  EXPECT_EQ(store->Details()->spans, kSampleHot);
}

}  // namespace
}  // namespace clew::store
