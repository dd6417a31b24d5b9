#include "store/segment/span_parts.h"

#include <bit>

#include "store/varint_reader.h"
#include "store/wire_reader.h"

namespace clew::store {
namespace {

// OTLP's field numbers with protobuf's wire type in the low three bits.
constexpr char kTraceIdTag = 1 << 3 | 2;
constexpr char kSpanIdTag = 2 << 3 | 2;
constexpr char kParentIdTag = 4 << 3 | 2;
constexpr char kNameTag = 5 << 3 | 2;
constexpr char kKindTag = 6 << 3;
constexpr char kStartTag = 7 << 3 | 1;
constexpr char kEndTag = 8 << 3 | 1;
constexpr char kAttributeTag = 9 << 3 | 2;
constexpr char kKeyTag = 1 << 3 | 2;
constexpr char kValueTag = 2 << 3 | 2;
constexpr char kStringTag = 1 << 3 | 2;
constexpr char kBoolTag = 2 << 3;
constexpr char kIntTag = 3 << 3;
constexpr char kDoubleTag = 4 << 3 | 1;

std::size_t VarintSize(std::uint64_t value) {
  return value == 0 ? 1 : (static_cast<std::size_t>(std::bit_width(value)) + 6) / 7;
}
std::size_t SizedSize(std::size_t size) { return VarintSize(size) + size; }

// `piece` grows by a field that lies right behind it; one that lies elsewhere takes its place.
void Join(std::string_view& piece, std::string_view raw) {
  if (piece.data() + piece.size() == raw.data() && !piece.empty()) {
    piece = {piece.data(), piece.size() + raw.size()};
  } else {
    piece = raw;
  }
}

void ReadValue(std::string_view any_value, AttributePart& out) {
  out.type = ColumnType::kCompound;
  out.text = any_value;
  for (WireReader field(any_value); field.Next();) {
    if (field.Is(1, WireType::kBytes)) {
      out.type = ColumnType::kString;
      out.text = field.Bytes();
    } else if (field.Is(2, WireType::kVarint)) {
      out.type = ColumnType::kBool;
      out.number = field.Varint();
    } else if (field.Is(3, WireType::kVarint)) {
      out.type = ColumnType::kInt;
      out.number = field.Varint();
    } else if (field.Is(4, WireType::kFixed64)) {
      out.type = ColumnType::kDouble;
      out.number = field.Fixed64();
    } else {
      const bool other = field.Is(5, WireType::kBytes) || field.Is(6, WireType::kBytes) ||
                         field.Is(7, WireType::kBytes);
      field.Skip();
      if (!other) continue;
      out.type = ColumnType::kCompound;
      out.text = any_value;
    }
  }
}

AttributePart ReadAttribute(std::string_view key_value) {
  AttributePart out;
  for (WireReader field(key_value); field.Next();) {
    if (field.Is(1, WireType::kBytes)) {
      out.key = field.Bytes();
    } else if (field.Is(2, WireType::kBytes)) {
      ReadValue(field.Bytes(), out);
    } else {
      field.Skip();
    }
  }
  return out;
}

void AppendTagged(char tag, std::string_view bytes, std::string& out) {
  out.push_back(tag);
  AppendSized(out, bytes);
}

std::size_t ValueSize(const AttributePart& part) {
  switch (part.type) {
    case ColumnType::kString:
      return 1 + SizedSize(part.text.size());
    case ColumnType::kBool:
    case ColumnType::kInt:
      return 1 + VarintSize(part.number);
    case ColumnType::kDouble:
      return 1 + sizeof(part.number);
    case ColumnType::kCompound:
      return part.text.size();
    case ColumnType::kMissing:
      break;
  }
  return 0;
}

void AppendValue(const AttributePart& part, std::string& out) {
  switch (part.type) {
    case ColumnType::kString:
      AppendTagged(kStringTag, part.text, out);
      return;
    case ColumnType::kBool:
    case ColumnType::kInt:
      out.push_back(part.type == ColumnType::kBool ? kBoolTag : kIntTag);
      AppendVarint(out, part.number);
      return;
    case ColumnType::kDouble:
      out.push_back(kDoubleTag);
      AppendRaw(out, part.number);
      return;
    case ColumnType::kCompound:
      out += part.text;
      return;
    case ColumnType::kMissing:
      return;
  }
}

void AppendAttribute(const AttributePart& part, std::string& out) {
  const std::size_t value = ValueSize(part);
  std::size_t size = part.key.empty() ? 0 : 1 + SizedSize(part.key.size());
  if (part.type != ColumnType::kMissing) size += 1 + SizedSize(value);
  out.push_back(kAttributeTag);
  AppendVarint(out, size);
  if (!part.key.empty()) AppendTagged(kKeyTag, part.key, out);
  if (part.type == ColumnType::kMissing) return;
  out.push_back(kValueTag);
  AppendVarint(out, value);
  AppendValue(part, out);
}

}  // namespace

void ReadSpanParts(std::string_view span, SpanParts& out) {
  std::vector<AttributePart> attributes = std::move(out.attributes);
  attributes.clear();
  out = {};
  out.attributes = std::move(attributes);
  for (WireReader field(span); field.Next();) {
    if (field.Is(1, WireType::kBytes)) {
      out.trace_id = field.Bytes();
    } else if (field.Is(2, WireType::kBytes)) {
      out.span_id = field.Bytes();
    } else if (field.Is(4, WireType::kBytes)) {
      out.parent_id = field.Bytes();
    } else if (field.Is(5, WireType::kBytes)) {
      out.name = field.Bytes();
    } else if (field.Is(6, WireType::kVarint)) {
      out.kind = field.Varint();
    } else if (field.Is(7, WireType::kFixed64)) {
      out.start = field.Fixed64();
    } else if (field.Is(8, WireType::kFixed64)) {
      out.end = field.Fixed64();
    } else if (field.Is(9, WireType::kBytes)) {
      out.attributes.push_back(ReadAttribute(field.Bytes()));
    } else {
      field.Skip();
      const std::uint32_t number = field.field();
      std::string_view& piece = number == 3    ? out.trace_state
                                : number < 15  ? out.middle
                                : number == 15 ? out.status
                                               : out.tail;
      Join(piece, field.Raw());
    }
  }
}

void AppendSpan(const SpanParts& parts, std::string& out) {
  AppendTagged(kTraceIdTag, parts.trace_id, out);
  AppendTagged(kSpanIdTag, parts.span_id, out);
  out += parts.trace_state;
  if (!parts.parent_id.empty()) AppendTagged(kParentIdTag, parts.parent_id, out);
  if (!parts.name.empty()) AppendTagged(kNameTag, parts.name, out);
  if (parts.kind != 0) {
    out.push_back(kKindTag);
    AppendVarint(out, parts.kind);
  }
  if (parts.start != 0) {
    out.push_back(kStartTag);
    AppendRaw(out, parts.start);
  }
  if (parts.end != 0) {
    out.push_back(kEndTag);
    AppendRaw(out, parts.end);
  }
  for (const AttributePart& part : parts.attributes) AppendAttribute(part, out);
  out += parts.middle;
  out += parts.status;
  out += parts.tail;
}

}  // namespace clew::store
