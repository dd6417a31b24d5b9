#include "collector/receiver/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/receiver/validate.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "store/keys.h"

namespace clew::receiver {
namespace {

namespace otel = opentelemetry::proto::trace::v1;
using opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using testing::HasSubstr;

const UnixNanos kNow = UnixNanosFrom(1'700'000'000'000'000'000);

// A request with one span that is right in every respect.
ExportTraceServiceRequest GoodRequest() {
  ExportTraceServiceRequest request;
  auto* resource_spans = request.add_resource_spans();
  auto* service = resource_spans->mutable_resource()->add_attributes();
  service->set_key("service.name");
  service->mutable_value()->set_string_value("shop");
  auto* scope_spans = resource_spans->add_scope_spans();
  scope_spans->mutable_scope()->set_name("scope");
  scope_spans->set_schema_url("url");
  auto* span = scope_spans->add_spans();
  span->set_trace_id("0123456789abcdef");
  span->set_span_id("01234567");
  span->set_name("GET /");
  span->set_kind(otel::Span::SPAN_KIND_SERVER);
  span->set_start_time_unix_nano(1'699'000'000'000'000'000);
  span->set_end_time_unix_nano(1'699'000'000'000'000'005);
  return request;
}

otel::Span& SpanOf(ExportTraceServiceRequest& request) {
  return *request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(0);
}

DecodedRequest Decode(const ExportTraceServiceRequest& request) {
  auto decoded = DecodeRequest(request.SerializeAsString(), kNow);
  CLEW_CHECK(decoded.has_value());
  return *std::move(decoded);
}

TEST(Decode, ASpanComesWithItsFieldsResourceAndScope) {
  ExportTraceServiceRequest request = GoodRequest();
  SpanOf(request).set_parent_span_id("76543210");
  SpanOf(request).mutable_status()->set_code(otel::Status::STATUS_CODE_ERROR);
  const DecodedRequest decoded = Decode(request);
  ASSERT_EQ(decoded.spans.size(), 1u);
  const store::SpanRecord& span = decoded.spans[0];
  EXPECT_EQ(span.trace_id.View(), "0123456789abcdef");
  EXPECT_EQ(span.span_id.View(), "01234567");
  EXPECT_EQ(span.parent_id.View(), "76543210");
  EXPECT_EQ(span.service, "shop");
  EXPECT_EQ(span.name, "GET /");
  EXPECT_EQ(span.kind, 2);
  EXPECT_EQ(span.status_code, 2);
  EXPECT_EQ((span.end - span.start).count(), 5);
  EXPECT_EQ(span.span, SpanOf(request).SerializeAsString());
  otel::ResourceSpans resource;
  ASSERT_TRUE(resource.ParseFromString(*span.resource));
  EXPECT_EQ(resource.scope_spans_size(), 0);
  EXPECT_EQ(resource.resource().attributes_size(), 1);
  otel::ScopeSpans scope;
  ASSERT_TRUE(scope.ParseFromString(*span.scope));
  EXPECT_EQ(scope.scope().name(), "scope");
  EXPECT_EQ(scope.schema_url(), "url");
}

TEST(Decode, UnknownFieldsSurviveInSpanScopeAndResource) {
  ExportTraceServiceRequest request = GoodRequest();
  auto* resource_spans = request.mutable_resource_spans(0);
  resource_spans->GetReflection()->MutableUnknownFields(resource_spans)->AddVarint(100, 1);
  auto* scope_spans = resource_spans->mutable_scope_spans(0);
  scope_spans->GetReflection()->MutableUnknownFields(scope_spans)->AddVarint(101, 1);
  otel::Span& span = SpanOf(request);
  span.GetReflection()->MutableUnknownFields(&span)->AddVarint(102, 1);
  const DecodedRequest decoded = Decode(request);
  ASSERT_EQ(decoded.spans.size(), 1u);
  EXPECT_THAT(*decoded.spans[0].resource, HasSubstr("\xa0\x06\x01"));
  EXPECT_THAT(*decoded.spans[0].scope, HasSubstr("\xa8\x06\x01"));
  EXPECT_THAT(decoded.spans[0].span, HasSubstr("\xb0\x06\x01"));
}

TEST(Decode, MalformedBytesAreInvalidAsAWhole) {
  const std::string good = GoodRequest().SerializeAsString();
  for (std::size_t n = 1; n < good.size(); ++n) {
    const auto decoded = DecodeRequest(good.substr(0, n), kNow);
    ASSERT_FALSE(decoded) << n;
    EXPECT_EQ(decoded.error().code, Code::kInvalid);
  }
  EXPECT_TRUE(DecodeRequest("", kNow));
}

// What one change to the good span does to it.
struct Rejection {
  const char* what;
  RejectReason reason;
  void (*spoil)(ExportTraceServiceRequest&);
};

void Nest(opentelemetry::proto::common::v1::AnyValue* value, int depth) {
  for (; depth > 0; --depth) value = value->mutable_array_value()->add_values();
  value->set_int_value(1);
}

const Rejection kRejections[] = {
    {"no trace id", RejectReason::kTraceId, [](auto& r) { SpanOf(r).clear_trace_id(); }},
    {"long trace id", RejectReason::kTraceId,
     [](auto& r) { SpanOf(r).set_trace_id("0123456789abcdefg"); }},
    {"zero trace id", RejectReason::kTraceId,
     [](auto& r) { SpanOf(r).set_trace_id(std::string(16, '\0')); }},
    {"zero span id", RejectReason::kSpanId,
     [](auto& r) { SpanOf(r).set_span_id(std::string(8, '\0')); }},
    {"short span id", RejectReason::kSpanId, [](auto& r) { SpanOf(r).set_span_id("0123456"); }},
    {"short parent", RejectReason::kParentId, [](auto& r) { SpanOf(r).set_parent_span_id("x"); }},
    {"zero parent", RejectReason::kParentId,
     [](auto& r) { SpanOf(r).set_parent_span_id(std::string(8, '\0')); }},
    {"no start", RejectReason::kStartMissing,
     [](auto& r) { SpanOf(r).clear_start_time_unix_nano(); }},
    {"no end", RejectReason::kEndMissing, [](auto& r) { SpanOf(r).clear_end_time_unix_nano(); }},
    {"ends first", RejectReason::kEndBeforeStart,
     [](auto& r) { SpanOf(r).set_end_time_unix_nano(1); }},
    {"far future", RejectReason::kInFuture,
     [](auto& r) { SpanOf(r).set_end_time_unix_nano(~0ull); }},
    {"kind 6", RejectReason::kKind,
     [](auto& r) { SpanOf(r).set_kind(static_cast<otel::Span::SpanKind>(6)); }},
    {"kind -1", RejectReason::kKind,
     [](auto& r) { SpanOf(r).set_kind(static_cast<otel::Span::SpanKind>(-1)); }},
    {"status 3", RejectReason::kStatus,
     [](auto& r) {
       SpanOf(r).mutable_status()->set_code(static_cast<otel::Status::StatusCode>(3));
     }},
    {"long name", RejectReason::kTooLarge,
     [](auto& r) { SpanOf(r).set_name(std::string(kMaxNameBytes + 1, 'x')); }},
    {"large span", RejectReason::kTooLarge,
     [](auto& r) { SpanOf(r).add_attributes()->set_key(std::string(kMaxSpanBytes, 'x')); }},
    {"attributes", RejectReason::kTooMany,
     [](auto& r) {
       for (int i = 0; i <= kMaxAttributes; ++i) SpanOf(r).add_attributes();
     }},
    {"events", RejectReason::kTooMany,
     [](auto& r) {
       for (int i = 0; i <= kMaxEvents; ++i) SpanOf(r).add_events();
     }},
    {"links", RejectReason::kTooMany,
     [](auto& r) {
       for (int i = 0; i <= kMaxLinks; ++i) SpanOf(r).add_links();
     }},
    {"deep value", RejectReason::kTooDeep,
     [](auto& r) { Nest(SpanOf(r).add_attributes()->mutable_value(), kMaxDepth + 1); }},
    {"large resource", RejectReason::kResource,
     [](auto& r) {
       r.mutable_resource_spans(0)->set_schema_url(std::string(kMaxContextBytes, 'x'));
     }},
    {"long service", RejectReason::kResource,
     [](auto& r) {
       r.mutable_resource_spans(0)
           ->mutable_resource()
           ->mutable_attributes(0)
           ->mutable_value()
           ->set_string_value(std::string(store::kMaxServiceName + 1, 'x'));
     }},
};

TEST(Decode, EachDefectIsCountedUnderItsReason) {
  for (const Rejection& rejection : kRejections) {
    ExportTraceServiceRequest request = GoodRequest();
    rejection.spoil(request);
    const DecodedRequest decoded = Decode(request);
    EXPECT_TRUE(decoded.spans.empty()) << rejection.what;
    EXPECT_EQ(decoded.rejected[static_cast<std::size_t>(rejection.reason)], 1u) << rejection.what;
    EXPECT_EQ(decoded.rejected_total(), 1u) << rejection.what;
  }
}

// Replaces the text "BAD!" of a serialized request by bytes that are no UTF-8; generated classes
// would not write them.
DecodedRequest DecodeWithBadText(const ExportTraceServiceRequest& request) {
  std::string bytes = request.SerializeAsString();
  const std::size_t at = bytes.find("BAD!");
  CLEW_CHECK(at != std::string::npos);
  bytes.replace(at, 4, "\xff\xfe\xfd\xfc");
  auto decoded = DecodeRequest(bytes, kNow);
  CLEW_CHECK(decoded.has_value());
  return *std::move(decoded);
}

TEST(Decode, EveryStringMustBeUtf8) {
  using Spoil = void (*)(ExportTraceServiceRequest&);
  const Spoil in_span[] = {
      [](auto& r) { SpanOf(r).set_name("BAD!"); },
      [](auto& r) { SpanOf(r).set_trace_state("BAD!"); },
      [](auto& r) { SpanOf(r).add_attributes()->set_key("BAD!"); },
      [](auto& r) { SpanOf(r).add_attributes()->mutable_value()->set_string_value("BAD!"); },
      [](auto& r) {
        SpanOf(r).add_attributes()->mutable_value()->mutable_kvlist_value()->add_values()->set_key(
            "BAD!");
      },
      [](auto& r) {
        SpanOf(r)
            .add_attributes()
            ->mutable_value()
            ->mutable_array_value()
            ->add_values()
            ->set_string_value("BAD!");
      },
      [](auto& r) { SpanOf(r).add_events()->set_name("BAD!"); },
      [](auto& r) { SpanOf(r).add_events()->add_attributes()->set_key("BAD!"); },
      [](auto& r) { SpanOf(r).add_links()->set_trace_state("BAD!"); },
      [](auto& r) { SpanOf(r).mutable_status()->set_message("BAD!"); },
  };
  for (const Spoil spoil : in_span) {
    ExportTraceServiceRequest request = GoodRequest();
    spoil(request);
    const DecodedRequest decoded = DecodeWithBadText(request);
    EXPECT_EQ(decoded.rejected[static_cast<std::size_t>(RejectReason::kUtf8)], 1u)
        << request.DebugString();
  }
  const Spoil in_context[] = {
      [](auto& r) { r.mutable_resource_spans(0)->set_schema_url("BAD!"); },
      [](auto& r) {
        r.mutable_resource_spans(0)->mutable_resource()->add_attributes()->set_key("BAD!");
      },
      [](auto& r) {
        r.mutable_resource_spans(0)->mutable_resource()->add_entity_refs()->add_id_keys("BAD!");
      },
      [](auto& r) { r.mutable_resource_spans(0)->mutable_scope_spans(0)->set_schema_url("BAD!"); },
      [](auto& r) {
        r.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_scope()->set_version("BAD!");
      },
  };
  for (const Spoil spoil : in_context) {
    ExportTraceServiceRequest request = GoodRequest();
    spoil(request);
    const DecodedRequest decoded = DecodeWithBadText(request);
    EXPECT_EQ(decoded.rejected[static_cast<std::size_t>(RejectReason::kResource)], 1u)
        << request.DebugString();
  }
}

TEST(Decode, BytesValuesNeedNotBeText) {
  ExportTraceServiceRequest request = GoodRequest();
  SpanOf(request).add_attributes()->mutable_value()->set_bytes_value("\xff\xfe");
  EXPECT_EQ(Decode(request).spans.size(), 1u);
}

TEST(Decode, NestingUpToTheBoundIsTaken) {
  ExportTraceServiceRequest request = GoodRequest();
  Nest(SpanOf(request).add_attributes()->mutable_value(), kMaxDepth);
  EXPECT_EQ(Decode(request).spans.size(), 1u);
}

TEST(Decode, GoodSpansOfARequestWithBadOnesAreTaken) {
  ExportTraceServiceRequest request = GoodRequest();
  auto* spans = request.mutable_resource_spans(0)->mutable_scope_spans(0);
  *spans->add_spans() = spans->spans(0);
  spans->mutable_spans(0)->clear_span_id();
  const DecodedRequest decoded = Decode(request);
  EXPECT_EQ(decoded.spans.size(), 1u);
  EXPECT_EQ(DescribeRejections(decoded),
            "1 span rejected: span_id is not 8 bytes with one of them set (1)");
  EXPECT_EQ(DescribeRejections(DecodedRequest{}), "");
}

}  // namespace
}  // namespace clew::receiver
