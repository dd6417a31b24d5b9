#include "store/join/family.h"

#include <protozero/exception.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>

#include "store/otlp_fields.h"
#include "store/wire_reader.h"

namespace clew::store {
namespace {

constexpr std::string_view kMethod = "clew.link.method";
constexpr std::string_view kConfidence = "clew.link.confidence";
constexpr std::string_view kNone = "clew.link.none";
// Fields of a Span. Source: opentelemetry/proto/trace/v1/trace.proto.
constexpr std::uint32_t kTraceId = 1;
constexpr std::uint32_t kParentSpanId = 4;

bool IsKeyOfLink(std::string_view key_value) {
  std::string_view key;
  for (WireReader field(key_value); field.Next();) {
    if (field.Is(otlp::kKeyValueKey, WireType::kBytes))
      key = field.Bytes();
    else
      field.Skip();
  }
  return key == kMethod || key == kConfidence || key == kNone;
}

template <typename Value>
void AddAttribute(protozero::pbf_writer& span, std::string_view key, Value value) {
  protozero::pbf_writer pair(span, otlp::kSpanAttributes);
  pair.add_string(otlp::kKeyValueKey, key.data(), key.size());
  protozero::pbf_writer any(pair, otlp::kKeyValueValue);
  value(any);
}

// `bytes` with other ids. What is not replaced stays as it came, unknown fields too.
std::string Rewrite(std::string_view bytes, const TraceId& top, const Alias* link) {
  std::string out;
  out.reserve(bytes.size() + 128);
  protozero::pbf_writer writer(out);
  writer.add_bytes(kTraceId, top.View().data(), TraceId::kSize);
  if (link != nullptr) writer.add_bytes(kParentSpanId, link->parent.View().data(), SpanId::kSize);
  for (WireReader field(bytes); field.Next();) {
    bool replaced = field.Is(kTraceId, WireType::kBytes) ||
                    (link != nullptr && field.Is(kParentSpanId, WireType::kBytes));
    if (link != nullptr && field.Is(otlp::kSpanAttributes, WireType::kBytes))
      replaced = IsKeyOfLink(field.Bytes());
    else
      field.Skip();
    if (!replaced) out.append(field.Raw());
  }
  if (link == nullptr) return out;
  AddAttribute(writer, kMethod, [link](protozero::pbf_writer& any) {
    any.add_string(otlp::kAnyValueString, link->method);
  });
  AddAttribute(writer, kConfidence, [link](protozero::pbf_writer& any) {
    any.add_double(otlp::kAnyValueDouble, static_cast<double>(link->confidence) / kCertain);
  });
  return out;
}

}  // namespace

Result<Family> FamilyOf(const TraceId& trace, std::uint64_t horizon, const AliasReader& reader) {
  const auto alias_of = [&](const TraceId& id) -> Result<std::optional<Alias>> {
    auto alias = reader.AliasOf(id);
    if (alias && *alias && (*alias)->sequence > horizon) return std::optional<Alias>();
    return alias;
  };
  Family family(1);
  family.front().trace = trace;
  for (std::uint32_t depth = 0; depth < kMaxFamilyDepth; ++depth) {
    const auto up = alias_of(family.front().trace);
    if (!up) return up.error();
    if (!*up) break;
    family.front().trace = (*up)->parent_trace;
  }
  if (family.front().trace == trace) {
    const auto extent = reader.ExtentOf(trace);
    if (!extent) return extent.error();
    if (extent->traces == 1) return family;  // as most are
  }
  for (std::size_t at = 0; at < family.size(); ++at) {
    std::vector<TraceId> children;
    const Status read = reader.EachChild(family[at].trace, [&](const TraceId& child) {
      children.push_back(child);
      return family.size() + children.size() < kMaxFamily;
    });
    if (!read) return read.error();
    for (const TraceId& child : children) {
      const auto alias = alias_of(child);
      if (!alias) return alias.error();
      // A disk is not trusted: what does not say that it belongs here does not.
      if (*alias && (*alias)->parent_trace == family[at].trace) family.push_back({child, **alias});
    }
  }
  return family;
}

void AdoptSpan(const TraceId& top, const FamilyMember& member, SpanRecord& span) {
  if (member.trace == top) return;
  const bool is_root = span.span_id == member.alias.root && !span.parent_id.valid();
  try {
    span.span = Rewrite(span.span, top, is_root ? &member.alias : nullptr);
  } catch (const protozero::exception&) {
    return;  // damaged: as it is
  }
  span.trace_id = top;
  if (is_root) span.parent_id = member.alias.parent;
}

}  // namespace clew::store
