#include "test_spans.h"

#include <stdlib.h>

#include <algorithm>

#include "base/bytes.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "store/query/parse.h"

namespace clew::store {
namespace {

std::string IdBytes(std::uint64_t number, std::size_t size) {
  std::string bytes(size - sizeof(number), '\x11');
  AppendU64be(bytes, number);
  return bytes;
}

// `message` is a Span or a Resource.
template <typename Message>
void AddAttributes(const TestAttributes& attributes, Message& message) {
  for (const auto& [key, value] : attributes) {
    auto* const attribute = message.add_attributes();
    attribute->set_key(key);
    auto& any = *attribute->mutable_value();
    if (const auto* text = std::get_if<std::string>(&value)) any.set_string_value(*text);
    if (const auto* flag = std::get_if<bool>(&value)) any.set_bool_value(*flag);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) any.set_int_value(*integer);
    if (const auto* real = std::get_if<double>(&value)) any.set_double_value(*real);
  }
}

}  // namespace

TraceId TestTraceId(std::uint64_t number) {
  // The number leads, so that prefixes tell traces apart.
  std::string bytes;
  AppendU64be(bytes, number << 32 | 0xabcd);
  bytes.append(8, '\x22');
  return *TraceId::FromBytes(bytes);
}

SpanRecord MakeSpan(const TestSpan& span) {
  opentelemetry::proto::trace::v1::ResourceSpans resource;
  AddAttributes({{"service.name", span.service}}, *resource.mutable_resource());
  AddAttributes(span.resource, *resource.mutable_resource());
  opentelemetry::proto::trace::v1::ScopeSpans scope;
  scope.mutable_scope()->set_name("test");

  SpanRecord record;
  record.trace_id = TestTraceId(span.trace);
  record.span_id = *SpanId::FromBytes(IdBytes(span.id, 8));
  if (span.parent != 0) record.parent_id = *SpanId::FromBytes(IdBytes(span.parent, 8));
  record.service = span.service;
  record.name = span.name;
  record.kind = span.kind;
  record.status_code = span.error ? 2 : 0;
  record.start = UnixNanosFrom(span.start_ms * 1'000'000);
  record.end = record.start + std::chrono::milliseconds(span.duration_ms);

  opentelemetry::proto::trace::v1::Span proto;
  proto.set_trace_id(std::string(record.trace_id.View()));
  proto.set_span_id(std::string(record.span_id.View()));
  if (span.parent != 0) proto.set_parent_span_id(std::string(record.parent_id.View()));
  proto.set_name(span.name);
  proto.set_kind(static_cast<opentelemetry::proto::trace::v1::Span::SpanKind>(span.kind));
  proto.set_trace_state(span.trace_state);
  proto.set_start_time_unix_nano(ToUint64(record.start));
  proto.set_end_time_unix_nano(ToUint64(record.end));
  AddAttributes({{"payload", span.payload}}, proto);
  AddAttributes(span.attributes, proto);
  if (span.error)
    proto.mutable_status()->set_code(opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);

  record.resource = std::make_shared<const std::string>(resource.SerializeAsString());
  record.scope = std::make_shared<const std::string>(scope.SerializeAsString());
  record.span = proto.SerializeAsString();
  return record;
}

std::vector<std::string> Sorted(const std::vector<SpanRecord>& spans) {
  std::vector<std::string> lines;
  for (const SpanRecord& span : spans) {
    lines.push_back(span.service + "|" + span.name + "|" + span.span_id.ToHex() + "|" +
                    span.parent_id.ToHex() + "|" + std::to_string(ToUint64(span.start)) + "|" +
                    std::to_string(ToUint64(span.end)) + "|" + std::to_string(span.kind) + "|" +
                    std::to_string(span.status_code) + "|" + *span.resource + "|" + *span.scope +
                    "|" + span.span);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<SpanRecord> ReadAll(SpanStore& store, const TraceId& trace) {
  std::vector<SpanRecord> spans;
  const Status read = store.ReadTrace(trace, [&](const SpanRecord& span) {
    spans.push_back(span);
    return true;
  });
  CLEW_CHECK(read.has_value() || read.error().code == Code::kNotFound);
  return spans;
}

Query Ask(std::string_view expression) {
  auto conditions = ParseConditions(expression);
  CLEW_CHECK(conditions.has_value());
  Query query;
  query.conditions = *std::move(conditions);
  return query;
}

std::vector<TraceSummary> SearchAll(SpanStore& store, Query query) {
  std::vector<TraceSummary> all;
  do {
    auto page = store.Search(query, {});
    CLEW_CHECK(page.has_value() && page->partial == Partial::kNo);
    all.insert(all.end(), page->traces.begin(), page->traces.end());
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());
  return all;
}

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "clew-test-XXXXXX").string();
  CLEW_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;  // the test has said what it had to say
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace clew::store
