#include "agent/export/otlp_encoder.h"

#include <protozero/pbf_writer.hpp>
#include <unordered_map>
#include <vector>

namespace clew::exporting {
namespace {

using protozero::pbf_writer;

// Field numbers of the OTLP messages; protocol version 1.
enum Request : protozero::pbf_tag_type { kResourceSpans = 1 };
enum ResourceSpans : protozero::pbf_tag_type { kResource = 1, kScopeSpans = 2 };
enum ScopeSpans : protozero::pbf_tag_type { kScope = 1, kSpans = 2 };
enum ResourceMessage : protozero::pbf_tag_type { kResourceAttributes = 1 };
enum Scope : protozero::pbf_tag_type { kScopeName = 1, kScopeVersion = 2 };
enum SpanMessage : protozero::pbf_tag_type {
  kTraceId = 1,
  kSpanId = 2,
  kTraceState = 3,
  kParentSpanId = 4,
  kName = 5,
  kKind = 6,
  kStart = 7,
  kEnd = 8,
  kAttributes = 9,
  kStatus = 15,
  kFlags = 16,
};
enum StatusMessage : protozero::pbf_tag_type { kStatusCode = 3 };
enum KeyValue : protozero::pbf_tag_type { kKey = 1, kValue = 2 };
enum AnyValue : protozero::pbf_tag_type { kString = 1, kBool = 2, kInt = 3, kDouble = 4 };

constexpr std::uint32_t kFlagHasIsRemote = 0x100;
constexpr std::uint32_t kFlagIsRemote = 0x200;

// tag, length and `size` bytes; all tags here are below 16
std::size_t FieldSize(std::size_t size) {
  return 1 + static_cast<std::size_t>(protozero::length_of_varint(size)) + size;
}

// A length-delimited field whose payload the caller appends.
void BeginField(std::string& out, protozero::pbf_tag_type tag, std::size_t size) {
  out.push_back(static_cast<char>(
      tag << 3 | static_cast<unsigned>(protozero::pbf_wire_type::length_delimited)));
  protozero::add_varint_to_buffer(&out, size);
}

void AddText(std::string& out, protozero::pbf_tag_type tag, std::string_view text) {
  BeginField(out, tag, text.size());
  out += text;
}

// Calls `use` with `text`, or with what it is after repair.
template <typename Use>
void WithUtf8(std::string_view text, Use use) {
  if (IsUtf8(text)) {
    use(text);
  } else {
    use(RepairUtf8(text));
  }
}

// KeyValue { key, AnyValue { value } }. Sizes first, so that nothing has to be moved to make room
// for a length, and attributes are most of a span.
void AddPair(std::string& out, protozero::pbf_tag_type tag, std::string_view key,
             std::size_t value_size) {
  BeginField(out, tag, FieldSize(key.size()) + FieldSize(value_size));
  AddText(out, kKey, key);
  BeginField(out, kValue, value_size);
}

struct ValueWriter {
  std::string& out;
  protozero::pbf_tag_type tag;
  std::string_view key;

  void operator()(const std::string& value) const {
    WithUtf8(value, [this](std::string_view text) {
      AddPair(out, tag, key, FieldSize(text.size()));
      AddText(out, kString, text);
    });
  }
  void operator()(std::int64_t value) const {
    const auto bits = static_cast<std::uint64_t>(value);
    AddPair(out, tag, key, 1 + static_cast<std::size_t>(protozero::length_of_varint(bits)));
    pbf_writer(out).add_int64(kInt, value);
  }
  void operator()(double value) const {
    AddPair(out, tag, key, 1 + sizeof(double));
    pbf_writer(out).add_double(kDouble, value);
  }
  void operator()(bool value) const {
    AddPair(out, tag, key, 2);
    pbf_writer(out).add_bool(kBool, value);
  }
};

void AddAttribute(std::string& out, protozero::pbf_tag_type tag, const span::Attribute& attribute) {
  WithUtf8(attribute.first, [&](std::string_view key) {
    std::visit(ValueWriter{out, tag, key}, attribute.second);
  });
}

std::string EncodeResource(const span::Resource& resource) {
  std::string out;
  for (const span::Attribute& attribute : resource.attributes) {
    AddAttribute(out, kResourceAttributes, attribute);
  }
  return out;
}

struct Group {
  const span::Resource* resource = nullptr;
  std::vector<const EncodedSpan*> spans;
  std::size_t spans_size = 0;  // of the span fields, with their tags and lengths
};

std::vector<Group> GroupByResource(std::span<const EncodedSpan> spans) {
  std::vector<Group> groups;
  std::unordered_map<const span::Resource*, std::size_t> index;
  for (const EncodedSpan& each : spans) {
    const auto [at, inserted] = index.try_emplace(each.resource.get(), groups.size());
    if (inserted) groups.push_back({.resource = each.resource.get()});
    Group& group = groups[at->second];
    group.spans.push_back(&each);
    group.spans_size += FieldSize(each.bytes.size());
  }
  return groups;
}

}  // namespace

void EncodeSpan(const span::Span& span, std::string& out) {
  pbf_writer writer(out);
  writer.add_bytes(kTraceId, span.trace_id.View().data(), TraceId::kSize);
  writer.add_bytes(kSpanId, span.span_id.View().data(), SpanId::kSize);
  const auto add_text = [&out](protozero::pbf_tag_type tag, std::string_view text) {
    WithUtf8(text, [&out, tag](std::string_view valid) { AddText(out, tag, valid); });
  };
  if (!span.trace_state.empty()) add_text(kTraceState, span.trace_state);
  if (span.parent_id.valid())
    writer.add_bytes(kParentSpanId, span.parent_id.View().data(), SpanId::kSize);
  add_text(kName, span.name);
  writer.add_enum(kKind, static_cast<std::int32_t>(span.kind));
  writer.add_fixed64(kStart, ToUint64(span.start));
  writer.add_fixed64(kEnd, ToUint64(span.end));
  for (const span::Attribute& attribute : span.attributes)
    AddAttribute(out, kAttributes, attribute);
  if (span.status != span::StatusCode::kUnset) {
    pbf_writer status(writer, kStatus);
    status.add_enum(kStatusCode, static_cast<std::int32_t>(span.status));
  }
  std::uint32_t flags = span.trace_flags | kFlagHasIsRemote;
  if (span.parent_is_remote) flags |= kFlagIsRemote;
  writer.add_fixed32(kFlags, flags);
}

std::string EncodeRequest(std::span<const EncodedSpan> spans) {
  std::string scope;
  {
    pbf_writer writer(scope);
    writer.add_string(kScopeName, "clew");
    writer.add_string(kScopeVersion, CLEW_VERSION);
  }
  // Sizes first: then every byte is written once, into one buffer that never grows.
  const std::vector<Group> groups = GroupByResource(spans);
  std::string out;
  std::size_t total = 0;
  for (const Group& group : groups) total += group.spans_size + 512;  // a resource's attributes
  out.reserve(total);
  for (const Group& group : groups) {
    const std::string resource = EncodeResource(*group.resource);
    const std::size_t scope_spans = FieldSize(scope.size()) + group.spans_size;
    BeginField(out, kResourceSpans, FieldSize(resource.size()) + FieldSize(scope_spans));
    BeginField(out, kResource, resource.size());
    out += resource;
    BeginField(out, kScopeSpans, scope_spans);
    BeginField(out, kScope, scope.size());
    out += scope;
    for (const EncodedSpan* each : group.spans) {
      BeginField(out, kSpans, each->bytes.size());
      out += each->bytes;
    }
  }
  return out;
}

}  // namespace clew::exporting
