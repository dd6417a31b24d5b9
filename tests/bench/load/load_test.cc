#include <gtest/gtest.h>

#include <set>

#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "random_load.h"
#include "realistic.h"
#include "store/otlp_fields.h"

namespace clew::bench {
namespace {

constexpr std::uint64_t kBegin = 1'780'000'000'000'000'000;
constexpr std::uint64_t kTraces = 2000;

double MeanSize(const store::SpanBatch& batch) {
  std::size_t bytes = 0;
  for (const store::SpanRecord& span : batch) bytes += span.span.size();
  return static_cast<double>(bytes) / static_cast<double>(batch.size());
}

// What the receiver would have indexed is what the records say.
void ExpectRecordsAgreeWithTheirBytes(const store::SpanBatch& batch) {
  std::set<std::string> contents;
  for (const store::SpanRecord& record : batch) {
    opentelemetry::proto::trace::v1::Span span;
    ASSERT_TRUE(span.ParseFromString(record.span));
    EXPECT_EQ(span.trace_id(), record.trace_id.View());
    EXPECT_EQ(span.span_id(), record.span_id.View());
    EXPECT_EQ(span.parent_span_id().empty(), !record.parent_id.valid());
    EXPECT_EQ(span.name(), record.name);
    EXPECT_EQ(span.kind(), record.kind);
    EXPECT_EQ(span.status().code(), record.status_code);
    EXPECT_EQ(span.start_time_unix_nano(), ToUint64(record.start));
    EXPECT_EQ(span.end_time_unix_nano(), ToUint64(record.end));
    EXPECT_EQ(span.attributes_size(), 11);
    EXPECT_EQ(store::ReadServiceName(*record.resource), record.service);
    EXPECT_TRUE(contents.insert(record.span).second);
  }
}

TEST(RealisticLoad, IsWhatTheBenchmarksPromise) {
  const store::SpanBatch batch = Workload(1, kBegin).Records(0, kTraces);
  ASSERT_EQ(batch.size(), kTraces * kSpansPerTrace);
  ExpectRecordsAgreeWithTheirBytes(batch);
  constexpr std::uint64_t kOfARequest = 64;  // traces; with its share of resource and scope
  EXPECT_NEAR(static_cast<double>(Workload(1, kBegin).Request(0, kOfARequest).size()) /
                  (kOfARequest * kSpansPerTrace),
              466, 10);
  std::set<std::string> services;
  std::set<std::pair<std::string, std::string>> operations;
  std::size_t errors = 0;
  for (const store::SpanRecord& span : batch) {
    services.insert(span.service);
    operations.emplace(span.service, span.name);
    errors += span.status_code == 2 ? 1 : 0;
  }
  EXPECT_EQ(services.size(), 30u);
  EXPECT_EQ(operations.size(), 600u);
  EXPECT_NEAR(static_cast<double>(errors) / static_cast<double>(batch.size()), 0.02, 0.005);
}

TEST(RandomLoad, IsWhatTheBenchmarksPromise) {
  const store::SpanBatch batch = RandomLoad(1, kBegin).Records(0, kTraces);
  ExpectRecordsAgreeWithTheirBytes(batch);
  EXPECT_NEAR(MeanSize(batch), 573, 10);
}

TEST(Loads, GiveTheSameTracesFromTheSameSeedInAnyOrder) {
  const Workload realistic(7, kBegin);
  EXPECT_EQ(realistic.Records(10, 5)[8].span, realistic.Records(11, 1)[0].span);
  const RandomLoad random(7, kBegin);
  EXPECT_EQ(random.Records(10, 5)[8].span, random.Records(11, 1)[0].span);
}

}  // namespace
}  // namespace clew::bench
