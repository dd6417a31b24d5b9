#include "agent/export/otlp_encoder.h"

#include <gtest/gtest.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/unit/agent/export/test_spans.h"

namespace clew::exporting {
namespace {

namespace otlp = opentelemetry::proto;

EncodedSpan Encode(span::Span span) {
  EncodedSpan encoded{.resource = span.resource};
  EncodeSpan(span, encoded.bytes);
  return encoded;
}

TEST(OtlpEncoder, GeneratedProtobufReadsEveryFieldOfASpan) {
  span::Span span = TestSpan();
  span.parent_id = SpanId::Random();
  span.parent_is_remote = true;
  span.trace_state = "vendor=1";
  span.kind = span::Kind::kClient;
  span.status = span::StatusCode::kError;
  span.attributes = {{"text", std::string("value")},
                     {"empty", std::string()},
                     {"number", std::int64_t{-5}},
                     {"real", 1.5},
                     {"truth", true},
                     {"long", std::string(9000, 'x')}};
  otlp::trace::v1::Span read;
  ASSERT_TRUE(read.ParseFromString(Encode(span).bytes));
  EXPECT_EQ(read.trace_id(), span.trace_id.View());
  EXPECT_EQ(read.span_id(), span.span_id.View());
  EXPECT_EQ(read.parent_span_id(), span.parent_id.View());
  EXPECT_EQ(read.trace_state(), "vendor=1");
  EXPECT_EQ(read.name(), span.name);
  EXPECT_EQ(read.kind(), otlp::trace::v1::Span::SPAN_KIND_CLIENT);
  EXPECT_EQ(read.start_time_unix_nano(), ToUint64(span.start));
  EXPECT_EQ(read.end_time_unix_nano(), ToUint64(span.end));
  EXPECT_EQ(read.flags(), 0x301u);
  EXPECT_EQ(read.status().code(), 2);
  ASSERT_EQ(read.attributes_size(), 6);
  EXPECT_EQ(read.attributes(0).key(), "text");
  EXPECT_EQ(read.attributes(0).value().string_value(), "value");
  EXPECT_TRUE(read.attributes(1).value().has_string_value());
  EXPECT_EQ(read.attributes(2).value().int_value(), -5);
  EXPECT_EQ(read.attributes(3).value().double_value(), 1.5);
  EXPECT_TRUE(read.attributes(4).value().bool_value());
  EXPECT_EQ(read.attributes(5).value().string_value().size(), 9000u);
}

TEST(OtlpEncoder, ARootHasNoParentAndALocalParentIsNotRemote) {
  otlp::trace::v1::Span read;
  ASSERT_TRUE(read.ParseFromString(Encode(TestSpan()).bytes));
  EXPECT_TRUE(read.parent_span_id().empty());
  EXPECT_FALSE(read.has_status());
  EXPECT_EQ(read.flags(), 0x101u);
}

TEST(OtlpEncoder, ARequestGroupsSpansByResourceAndIsExactlyAsLongAsAnnounced) {
  const auto shop = ResourceNamed("shop");
  const auto pay = ResourceNamed("pay");
  std::vector<EncodedSpan> spans;
  for (int i = 0; i < 300; ++i)
    spans.push_back(Encode(TestSpan("span" + std::to_string(i), i % 3 == 0 ? pay : shop)));
  const std::string bytes = EncodeRequest(spans);
  otlp::collector::trace::v1::ExportTraceServiceRequest read;
  ASSERT_TRUE(read.ParseFromString(bytes));
  EXPECT_EQ(read.ByteSizeLong(), bytes.size());
  ASSERT_EQ(read.resource_spans_size(), 2);
  EXPECT_EQ(read.resource_spans(0).resource().attributes(0).value().string_value(), "pay");
  EXPECT_EQ(read.resource_spans(0).resource().attributes(1).value().int_value(), 7);
  ASSERT_EQ(read.resource_spans(0).scope_spans_size(), 1);
  EXPECT_EQ(read.resource_spans(0).scope_spans(0).scope().name(), "clew");
  EXPECT_EQ(read.resource_spans(0).scope_spans(0).spans_size(), 100);
  EXPECT_EQ(read.resource_spans(1).scope_spans(0).spans_size(), 200);
  EXPECT_EQ(read.resource_spans(1).scope_spans(0).spans(0).name(), "span1");
}

TEST(OtlpEncoder, NothingIsAnEmptyRequest) { EXPECT_EQ(EncodeRequest({}), ""); }

TEST(OtlpEncoder, BytesThatAreNotUtf8DoNotSpoilTheBatch) {
  span::Span span = TestSpan("\xff\xfe name");
  span.attributes = {{"url.path", std::string("/caf\xe9/\xc3\xa9/\xed\xa0\x80")}};
  auto resource = std::make_shared<span::Resource>();
  resource->attributes = {{"\xc0\xaf", std::string("\xff")}};
  span.resource = resource;
  otlp::trace::v1::Span read;
  ASSERT_TRUE(read.ParseFromString(Encode(span).bytes));
  EXPECT_EQ(read.name(), "\xef\xbf\xbd\xef\xbf\xbd name");
  EXPECT_EQ(read.attributes(0).value().string_value(),
            "/caf\xef\xbf\xbd/\xc3\xa9/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  otlp::collector::trace::v1::ExportTraceServiceRequest batch;
  const EncodedSpan encoded = Encode(span);
  ASSERT_TRUE(batch.ParseFromString(EncodeRequest({&encoded, 1})));
  EXPECT_TRUE(IsUtf8(batch.resource_spans(0).resource().attributes(0).key()));
  EXPECT_EQ(batch.resource_spans(0).resource().attributes(0).value().string_value(), "\xef\xbf\xbd");
}

TEST(Utf8, FollowsRfc3629) {
  for (const std::string& good :
       {std::string(), std::string("plain"), std::string("\xc2\x80"), std::string("\xe0\xa0\x80"),
        std::string("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), std::string("0123456\xc3\xa9 89")}) {
    EXPECT_TRUE(IsUtf8(good));
    EXPECT_EQ(RepairUtf8(good), good);
  }
  for (const std::string& bad :
       {std::string("\x80"), std::string("\xc1\xbf"), std::string("\xe0\x9f\xbf"),
        std::string("\xed\xa0\x80"), std::string("\xf4\x90\x80\x80"), std::string("\xf5"),
        std::string("01234567\xc3"), std::string("\xe2\x82"), std::string("\xf0\x90\x80")}) {
    EXPECT_FALSE(IsUtf8(bad));
    EXPECT_TRUE(IsUtf8(RepairUtf8(bad)));
  }
}

}  // namespace
}  // namespace clew::exporting
