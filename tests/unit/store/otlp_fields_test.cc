#include "store/otlp_fields.h"

#include <gtest/gtest.h>

#include <protozero/exception.hpp>

#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "store/wire_reader.h"

namespace clew::store {
namespace {

namespace otel = opentelemetry::proto::trace::v1;

otel::ResourceSpans WithAttribute(const std::string& key, const std::string& value) {
  otel::ResourceSpans spans;
  auto* attribute = spans.mutable_resource()->add_attributes();
  attribute->set_key(key);
  attribute->mutable_value()->set_string_value(value);
  return spans;
}

TEST(OtlpFields, ReadWhatTheGeneratedClassWrote) {
  otel::Span span;
  span.set_trace_id("0123456789abcdef");
  span.set_span_id("01234567");
  span.set_parent_span_id("76543210");
  span.set_trace_state("a=b");
  span.set_name("name");
  span.set_kind(otel::Span::SPAN_KIND_CLIENT);
  span.set_start_time_unix_nano(5);
  span.set_end_time_unix_nano(~0ull);
  span.mutable_status()->set_code(otel::Status::STATUS_CODE_ERROR);
  span.add_attributes()->set_key("k");
  const std::string bytes = span.SerializeAsString();
  const SpanFields fields = ReadSpanFields(bytes);
  EXPECT_EQ(fields.trace_id, "0123456789abcdef");
  EXPECT_EQ(fields.span_id, "01234567");
  EXPECT_EQ(fields.parent_span_id, "76543210");
  EXPECT_EQ(fields.trace_state, "a=b");
  EXPECT_EQ(fields.name, "name");
  EXPECT_EQ(fields.kind, 3);
  EXPECT_EQ(fields.start_unix_nano, 5u);
  EXPECT_EQ(fields.end_unix_nano, ~0ull);
  EXPECT_EQ(fields.status_code, 2);
}

TEST(OtlpFields, RepeatedFieldsMergeAsProtobufMergesThem) {
  otel::Span first;
  first.set_name("first");
  first.mutable_status()->set_code(otel::Status::STATUS_CODE_ERROR);
  otel::Span second;
  second.set_name("second");
  second.mutable_status()->set_message("only a message");
  const std::string bytes = first.SerializeAsString() + second.SerializeAsString();
  const SpanFields fields = ReadSpanFields(bytes);
  EXPECT_EQ(fields.name, "second");
  EXPECT_EQ(fields.status_code, 2);
}

TEST(OtlpFields, ServiceNameIsTheFirstNonEmptyString) {
  EXPECT_EQ(ReadServiceName(WithAttribute("service.name", "shop").SerializeAsString()), "shop");
  EXPECT_EQ(ReadServiceName(WithAttribute("host.name", "shop").SerializeAsString()),
            "unknown_service");
  EXPECT_EQ(ReadServiceName(WithAttribute("service.name", "").SerializeAsString()),
            "unknown_service");
  EXPECT_EQ(ReadServiceName(""), "unknown_service");
  const std::string twice = WithAttribute("service.name", "a").SerializeAsString() +
                            WithAttribute("service.name", "b").SerializeAsString();
  EXPECT_EQ(ReadServiceName(twice), "a");
}

TEST(OtlpFields, LastMemberOfTheValueWins) {
  // KeyValue{service.name, AnyValue{string "a"}} with a second `value`, an int: the oneof holds the
  // int.
  otel::ResourceSpans spans = WithAttribute("service.name", "a");
  std::string key_value =
      spans.resource().attributes(0).SerializeAsString() + std::string("\x12\x02\x18\x07", 4);
  std::string resource = std::string("\x0a") + static_cast<char>(key_value.size()) + key_value;
  const std::string bytes = std::string("\x0a") + static_cast<char>(resource.size()) + resource;
  otel::ResourceSpans oracle;
  ASSERT_TRUE(oracle.ParseFromString(bytes));
  ASSERT_EQ(oracle.resource().attributes(0).value().int_value(), 7);
  EXPECT_EQ(ReadServiceName(bytes), "unknown_service");
}

// All fields of a message, consumed; false when malformed.
bool Walks(std::string_view bytes) {
  try {
    for (WireReader in(bytes); in.Next();) in.Skip();
    return true;
  } catch (const protozero::exception&) {
    return false;
  }
}

TEST(WireReader, RefusesWhatProtobufRefuses) {
  EXPECT_TRUE(Walks(""));
  EXPECT_FALSE(Walks(std::string("\x00", 1)));  // field 0
  EXPECT_FALSE(
      Walks("\x0a\x05"
            "abc"));  // longer than the message
  EXPECT_FALSE(
      Walks("\x0a\xff\xff\xff\xff\xff\x01"
            "abc"));                              // a length that 32 bits would cut to a small one
  EXPECT_FALSE(Walks("\x0c"));                    // end of no group
  EXPECT_FALSE(Walks("\x0b\x08\x01"));            // group without end
  EXPECT_FALSE(Walks("\x0b\x14"));                // group ended by another
  EXPECT_FALSE(Walks("\x0e\x01"));                // wire type 6
  EXPECT_FALSE(Walks(std::string(100, '\x0b')));  // groups without bottom
}

TEST(WireReader, SkipsGroupsAndGivesTheirRawBytes) {
  const std::string bytes("\x0b\x08\x01\x13\x14\x0c\x10\x02", 8);
  WireReader in(bytes);
  ASSERT_TRUE(in.Next());
  in.Skip();
  EXPECT_EQ(in.Raw(), bytes.substr(0, 6));
  ASSERT_TRUE(in.Next());
  EXPECT_TRUE(in.Is(2, WireType::kVarint));
  EXPECT_EQ(in.Varint(), 2u);
  EXPECT_FALSE(in.Next());
}

}  // namespace
}  // namespace clew::store
