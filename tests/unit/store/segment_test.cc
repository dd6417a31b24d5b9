// Segments come back as they were written, whatever was in the spans, and damage is told.
#include <gtest/gtest.h>

#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "store/segment/encoder.h"
#include "store/segment/reader.h"
#include "store/segment/segment_writer.h"
#include "test_spans.h"

namespace clew::store {
namespace {

using Otlp = opentelemetry::proto::trace::v1::Span;

std::vector<SegmentRow> Rows(const SpanBatch& spans) {
  std::vector<SegmentRow> rows;
  for (const SpanRecord& span : spans) rows.push_back({&span, rows.size() + 10});
  return rows;
}

EncodedSegment Encode(const std::vector<SpanBatch>& traces, const std::string& base = "") {
  SegmentEncoder encoder;
  for (const SpanBatch& trace : traces) encoder.AddTrace(Rows(trace), base);
  return encoder.Finish();
}

std::vector<SpanRecord> ReadAll(const std::string& bytes) {
  const auto segment = SegmentReader::Open(bytes);
  EXPECT_TRUE(segment);
  std::vector<SpanRecord> spans;
  for (std::size_t trace = 0; segment && trace < (*segment)->traces(); ++trace) {
    const Status read = (*segment)->ReadTrace(trace, [&](SpanRecord&& span, std::uint64_t) {
      spans.push_back(std::move(span));
      return true;
    });
    EXPECT_TRUE(read);
  }
  return spans;
}

// The record with other bytes, and the fields that the receiver would read of them.
SpanRecord WithSpan(SpanRecord record, const std::string& bytes) {
  Otlp span;
  CLEW_CHECK(span.ParseFromString(bytes));
  record.name = span.name();
  record.kind = static_cast<std::uint8_t>(span.kind());
  record.status_code = static_cast<std::uint8_t>(span.status().code());
  record.span = bytes;
  return record;
}

// Everything that OTLP has.
Otlp FullSpan(const SpanRecord& record) {
  Otlp span;
  span.ParseFromString(record.span);
  span.set_trace_state("ot=th:c,vendor=1");
  span.set_flags(0x301);
  span.set_dropped_attributes_count(3);
  span.set_dropped_events_count(2);
  span.set_dropped_links_count(1);
  span.mutable_status()->set_code(opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);
  span.mutable_status()->set_message("no");
  const auto attribute = [&](const char* key) {
    auto* added = span.add_attributes();
    added->set_key(key);
    return added->mutable_value();
  };
  attribute("bytes")->set_bytes_value(std::string("\0\xff", 2));
  attribute("array")->mutable_array_value()->add_values()->set_int_value(1);
  attribute("map")->mutable_kvlist_value()->add_values()->set_key("k");
  attribute("nothing");
  attribute("bool")->set_bool_value(true);
  attribute("int")->set_int_value(std::numeric_limits<std::int64_t>::min());
  attribute("double")->set_double_value(-0.0);
  attribute("payload")->set_string_value("again");  // a key twice
  span.add_attributes()->set_key("no value");
  auto* event = span.add_events();
  event->set_time_unix_nano(5);
  event->set_name("event");
  event->add_attributes()->set_key("in event");
  auto* link = span.add_links();
  link->set_trace_id(std::string(16, '\x01'));
  link->set_span_id(std::string(8, '\x02'));
  link->set_flags(1);
  return span;
}

TEST(Segment, SpansComeBackByteByByteInTheirOrder) {
  std::vector<SpanBatch> traces;
  SpanBatch all;
  for (std::uint64_t trace = 1; trace <= 40; ++trace) {
    SpanBatch spans;
    for (std::uint64_t id = 1; id <= trace; ++id) {
      spans.push_back(MakeSpan({.trace = trace,
                                .id = id,
                                .parent = id == 1 ? 0 : (id % 5 == 0 ? 999 : id / 2),
                                .service = "service-" + std::to_string(id % 3),
                                .name = "op" + std::to_string(id % 7),
                                .start_ms = trace * 100 + id,
                                .duration_ms = id * 3,
                                .error = id % 6 == 0,
                                .payload = std::to_string(trace * id % 11),
                                .attributes = {{"n", static_cast<std::int64_t>(id)}}}));
    }
    all.insert(all.end(), spans.begin(), spans.end());
    traces.push_back(std::move(spans));
  }
  const EncodedSegment segment = Encode(traces);
  EXPECT_EQ(segment.rows, 820u);
  EXPECT_EQ(segment.traces, 40u);
  EXPECT_EQ(segment.exact_spans, 0u);
  const auto back = ReadAll(segment.bytes);
  ASSERT_EQ(back.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(Sorted({back[i]}), Sorted({all[i]})) << i;
  }
}

TEST(Segment, EverythingThatOtlpHasComesBackWithoutBeingKeptTwice) {
  const SpanRecord plain = MakeSpan({});
  const SpanRecord full = WithSpan(plain, FullSpan(plain).SerializeAsString());
  const EncodedSegment segment = Encode({{full}});
  EXPECT_EQ(segment.exact_spans, 0u);
  const auto back = ReadAll(segment.bytes);
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].span, full.span);
}

TEST(Segment, FieldsThatThisVersionDoesNotKnowComeBack) {
  const SpanRecord plain = MakeSpan({});
  const std::string unknown("\xa2\x06\x03new", 6);  // field 100
  const SpanRecord later = WithSpan(plain, plain.span + unknown);
  const auto back = ReadAll(Encode({{later, WithSpan(MakeSpan({.id = 2}), plain.span)}}).bytes);
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].span, later.span);
}

TEST(Segment, ASpanInAnotherOrderOfFieldsComesBackByItsBytesAndIsCounted) {
  const SpanRecord plain = MakeSpan({});
  // The name first and once more at the end, an attribute with its value before its key, a bool
  // of 2.
  const std::string odd = std::string("\x2a\x01x", 3) + plain.span +
                          std::string("\x4a\x06\x12\x02\x10\x02\x0a\x00\x2a\x05GET /", 15);
  const SpanRecord span = WithSpan(plain, odd);
  const EncodedSegment segment = Encode({{MakeSpan({.id = 2}), span, MakeSpan({.id = 3})}});
  EXPECT_EQ(segment.exact_spans, 1u);
  const auto back = ReadAll(segment.bytes);
  ASSERT_EQ(back.size(), 3u);
  EXPECT_EQ(back[1].span, odd);
  EXPECT_EQ(back[2].span, MakeSpan({.id = 3}).span);
}

TEST(Segment, SomeSpansOfATraceAreReadAloneAndArrivalsAreKept) {
  SpanBatch first;
  SpanBatch second;
  for (std::uint64_t id = 1; id <= 30; ++id) {
    first.push_back(MakeSpan({.id = id, .parent = 500 + id, .payload = std::to_string(id)}));
    second.push_back(
        MakeSpan({.trace = 2, .id = id, .parent = 600 + id, .start_ms = 2000, .payload = "p"}));
  }
  const auto segment = SegmentReader::Open(Encode({first, second}).bytes);
  ASSERT_TRUE(segment);
  const std::vector<std::uint32_t> places = {0, 7, 8, 29};
  std::size_t seen = 0;
  ASSERT_TRUE((*segment)->ReadSpans(1, places, [&](SpanRecord&& span, std::uint64_t arrival) {
    EXPECT_EQ(span.span, second[places[seen]].span);
    EXPECT_EQ(span.parent_id, second[places[seen]].parent_id);
    EXPECT_EQ(arrival, places[seen] + 10);
    ++seen;
    return true;
  }));
  EXPECT_EQ(seen, places.size());
  EXPECT_EQ(**(*segment)->FindTrace(TestTraceId(2)), 1u);
  EXPECT_FALSE(*(*segment)->FindTrace(TestTraceId(3)));
}

TEST(Segment, BasesBelongToTheirTraces) {
  SegmentEncoder encoder;
  const SpanBatch a = {MakeSpan({.trace = 1})};
  const SpanBatch b = {MakeSpan({.trace = 2, .start_ms = 2000})};
  encoder.AddTrace(Rows(a), "");
  encoder.AddTrace(Rows(b), "base of b");
  const auto segment = SegmentReader::Open(encoder.Finish().bytes);
  ASSERT_TRUE(segment);
  EXPECT_EQ(*(*segment)->BaseOf(0), "");
  EXPECT_EQ(*(*segment)->BaseOf(1), "base of b");
}

TEST(Segment, EveryTruncationAndEveryFlippedBitIsTold) {
  const SpanRecord plain = MakeSpan({});
  const std::string bytes =
      Encode({{WithSpan(plain, FullSpan(plain).SerializeAsString())}, {MakeSpan({.trace = 2})}})
          .bytes;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(SegmentReader::Open(bytes.substr(0, n))) << n;
  }
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    std::string flipped = bytes;
    flipped[n] = static_cast<char>(flipped[n] ^ 0x10);
    const auto segment = SegmentReader::Open(flipped);
    EXPECT_FALSE(segment && (*segment)->Verify()) << n;
  }
}

TEST(Segment, AnotherVersionIsRefusedByName) {
  std::string bytes = Encode({{MakeSpan({})}}).bytes;
  bytes[kSegmentMagic.size()] = kSegmentVersion + 1;
  const auto segment = SegmentReader::Open(bytes);
  ASSERT_FALSE(segment);
  EXPECT_EQ(segment.error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace clew::store
