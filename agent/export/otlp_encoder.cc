#include "agent/export/otlp_encoder.h"

#include <bit>
#include <cstring>
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

// Writes fields at a place that has room for them: several times faster than appending byte by
// byte, and spans are most of what the agent does.
class FieldWriter {
 public:
  explicit FieldWriter(char* at) : at_(at) {}
  char* at() const { return at_; }

  // A length-delimited field whose payload the caller writes.
  void Begin(protozero::pbf_tag_type tag, std::size_t size) {
    Tag(tag, protozero::pbf_wire_type::length_delimited);
    Varint(size);
  }
  void Bytes(protozero::pbf_tag_type tag, std::string_view bytes) {
    Begin(tag, bytes.size());
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void Integer(protozero::pbf_tag_type tag, std::uint64_t value) {
    Tag(tag, protozero::pbf_wire_type::varint);
    Varint(value);
  }
  void Fixed64(protozero::pbf_tag_type tag, std::uint64_t value) {
    Tag(tag, protozero::pbf_wire_type::fixed64);
    Fixed(value);
  }
  void Fixed32(protozero::pbf_tag_type tag, std::uint32_t value) {
    Tag(tag, protozero::pbf_wire_type::fixed32);
    Fixed(value);
  }

 private:
  void Tag(protozero::pbf_tag_type tag, protozero::pbf_wire_type type) {
    Varint(tag << 3 | static_cast<std::uint32_t>(type));
  }
  void Varint(std::uint64_t value) { at_ += protozero::add_varint_to_buffer(at_, value); }
  template <typename T>
  void Fixed(T value) {
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(at_, &value, sizeof(value));
    at_ += sizeof(value);
  }

  char* at_;
};

// The payload of a KeyValue: key and AnyValue. Sizes first, so that nothing has to be moved to make
// room for a length.
struct PairWriter {
  FieldWriter& out;
  protozero::pbf_tag_type tag;
  std::string_view key;

  void operator()(const std::string& value) const {
    Begin(FieldSize(value.size()));
    out.Bytes(kString, value);
  }
  void operator()(std::int64_t value) const {
    const auto bits = static_cast<std::uint64_t>(value);
    Begin(1 + static_cast<std::size_t>(protozero::length_of_varint(bits)));
    out.Integer(kInt, bits);
  }
  void operator()(double value) const {
    Begin(1 + sizeof(double));
    out.Fixed64(kDouble, std::bit_cast<std::uint64_t>(value));
  }
  void operator()(bool value) const {
    Begin(2);
    out.Integer(kBool, value ? 1 : 0);
  }

 private:
  void Begin(std::size_t value_size) const {
    out.Begin(tag, FieldSize(key.size()) + FieldSize(value_size));
    out.Bytes(kKey, key);
    out.Begin(kValue, value_size);
  }
};

// Room for a field of the size of a text: tag and length of it, and of the messages around it.
constexpr std::size_t kFieldRoom = 48;

std::size_t TextSize(const span::AttributeValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? 0 : text->size();
}

void Repair(std::string& text) {
  if (!IsUtf8(text)) text = RepairUtf8(text);
}

void Repair(span::AttributeValue& value) {
  if (auto* text = std::get_if<std::string>(&value)) Repair(*text);
}

// Calls `write` with a writer that has `room` bytes behind the end of `out`.
template <typename Write>
void WriteFields(std::string& out, std::size_t room, Write write) {
  const std::size_t before = out.size();
  out.resize(before + room);
  FieldWriter writer(out.data() + before);
  write(writer);
  out.resize(static_cast<std::size_t>(writer.at() - out.data()));
}

std::string EncodeResource(const span::Resource& resource) {
  std::string out;
  for (span::Attribute attribute : resource.attributes) {
    Repair(attribute.first);
    Repair(attribute.second);
    const std::size_t room = attribute.first.size() + TextSize(attribute.second) + kFieldRoom;
    WriteFields(out, room, [&attribute](FieldWriter& writer) {
      std::visit(PairWriter{writer, kResourceAttributes, attribute.first}, attribute.second);
    });
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

void EncodeSpan(span::Span& span, std::string& out) {
  Repair(span.trace_state);
  Repair(span.name);
  // Everything of fixed size fits into the room of two fields.
  std::size_t room = span.trace_state.size() + span.name.size() + 4 * kFieldRoom;
  for (span::SpanAttribute& attribute : span.attributes) {
    Repair(attribute.second);
    room += attribute.first.size() + TextSize(attribute.second) + kFieldRoom;
  }
  WriteFields(out, room, [&span](FieldWriter& writer) {
    writer.Bytes(kTraceId, span.trace_id.View());
    writer.Bytes(kSpanId, span.span_id.View());
    if (!span.trace_state.empty()) writer.Bytes(kTraceState, span.trace_state);
    if (span.parent_id.valid()) writer.Bytes(kParentSpanId, span.parent_id.View());
    writer.Bytes(kName, span.name);
    writer.Integer(kKind, static_cast<std::uint64_t>(span.kind));
    writer.Fixed64(kStart, ToUint64(span.start));
    writer.Fixed64(kEnd, ToUint64(span.end));
    for (const span::SpanAttribute& attribute : span.attributes)
      std::visit(PairWriter{writer, kAttributes, attribute.first}, attribute.second);
    if (span.status != span::StatusCode::kUnset) {
      writer.Begin(kStatus, 2);
      writer.Integer(kStatusCode, static_cast<std::uint64_t>(span.status));
    }
    std::uint32_t flags = span.trace_flags | kFlagHasIsRemote;
    if (span.parent_is_remote) flags |= kFlagIsRemote;
    writer.Fixed32(kFlags, flags);
  });
}

std::string EncodeRequest(std::span<const EncodedSpan> spans) {
  std::string scope;
  {
    pbf_writer writer(scope);
    writer.add_string(kScopeName, "clew");
    writer.add_string(kScopeVersion, CLEW_VERSION);
  }
  // Sizes first: then every byte is written once.
  std::string out;
  for (const Group& group : GroupByResource(spans)) {
    const std::string resource = EncodeResource(*group.resource);
    const std::size_t scope_spans = FieldSize(scope.size()) + group.spans_size;
    const std::size_t size = FieldSize(resource.size()) + FieldSize(scope_spans);
    WriteFields(out, FieldSize(size), [&](FieldWriter& writer) {
      writer.Begin(kResourceSpans, size);
      writer.Bytes(kResource, resource);
      writer.Begin(kScopeSpans, scope_spans);
      writer.Bytes(kScope, scope);
      for (const EncodedSpan* each : group.spans) writer.Bytes(kSpans, each->bytes);
    });
  }
  return out;
}

}  // namespace clew::exporting
