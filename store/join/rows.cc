#include "store/join/rows.h"

#include <bit>
#include <cmath>

#include "base/bytes.h"
#include "store/keys.h"

namespace clew::store {
namespace {

constexpr char kAliasRow = 't';
constexpr char kChildRow = 'c';
constexpr char kExtentRow = 'f';
constexpr std::uint8_t kServerFlag = 1;
constexpr std::uint8_t kErrorFlag = 2;

template <typename Id>
std::optional<Id> TakeId(ByteCursor& in) {
  const auto raw = in.Take(Id::kSize);
  return raw ? Id::FromBytes(*raw) : std::nullopt;
}

std::string RowKey(char row, const TraceId& trace) {
  std::string key(1, row);
  return key.append(trace.View());
}

// A time that a clock can show.
std::optional<UnixNanos> TakeTime(ByteCursor& in) {
  const auto ns = in.U64be();
  if (!ns || *ns >> 63 != 0) return std::nullopt;
  return UnixNanosFrom(*ns);
}

}  // namespace

std::string AliasKey(const TraceId& trace) { return RowKey(kAliasRow, trace); }

std::string EncodeAlias(const Alias& alias) {
  std::string out(alias.parent_trace.View());
  out.append(alias.root.View()).append(alias.parent.View());
  AppendU64be(out, alias.sequence);
  AppendU16be(out, alias.confidence);
  return out += alias.method;
}

std::optional<Alias> DecodeAlias(const TraceId& trace, std::string_view value) {
  ByteCursor in(value);
  const auto parent_trace = TakeId<TraceId>(in);
  const auto root = TakeId<SpanId>(in);
  const auto parent = TakeId<SpanId>(in);
  const auto sequence = in.U64be();
  const auto confidence = in.U16be();
  if (!parent_trace || !root || !parent || !sequence || !confidence) return std::nullopt;
  if (*confidence > kCertain || in.remaining() > kMaxAliasMethod) return std::nullopt;
  return Alias{.trace = trace,
               .root = *root,
               .parent_trace = *parent_trace,
               .parent = *parent,
               .method = std::string(in.rest()),
               .confidence = *confidence,
               .sequence = *sequence};
}

std::string ChildKey(const TraceId& parent, const TraceId& child) {
  return ChildPrefix(parent).append(child.View());
}

std::string ChildPrefix(const TraceId& parent) { return RowKey(kChildRow, parent); }

std::optional<TraceId> DecodeChild(std::string_view key) {
  ByteCursor in(key);
  const auto row = in.Take(1);
  const auto parent = TakeId<TraceId>(in);
  const auto child = TakeId<TraceId>(in);
  if (!child || !parent || row->front() != kChildRow || in.remaining() != 0) return std::nullopt;
  return child;
}

std::string EncodeChild(std::uint64_t sequence) {
  std::string out;
  AppendU64be(out, sequence);
  return out;
}

std::string ExtentKey(const TraceId& top) { return RowKey(kExtentRow, top); }

std::string EncodeExtent(const FamilyExtent& extent, std::uint64_t sequence) {
  std::string out = EncodeChild(sequence);
  AppendU32be(out, extent.traces);
  AppendU32be(out, extent.height);
  return out;
}

std::optional<FamilyExtent> DecodeExtent(std::string_view value) {
  ByteCursor in(value);
  const auto sequence = in.U64be();
  const auto traces = in.U32be();
  const auto height = in.U32be();
  if (!sequence || !traces || !height || in.remaining() != 0) return std::nullopt;
  if (*traces > kMaxFamily || *height > kMaxFamilyDepth) return std::nullopt;
  return FamilyExtent{*traces, *height};
}

std::optional<std::uint64_t> SequenceOfAliasRow(std::string_view key, std::string_view value) {
  if (key.empty()) return std::nullopt;
  if (key.front() == kAliasRow) {
    ByteCursor in(value);
    if (!in.Take(TraceId::kSize + 2 * SpanId::kSize)) return std::nullopt;
    return in.U64be();
  }
  if (key.front() == kChildRow || key.front() == kExtentRow) return ByteCursor(value).U64be();
  return std::nullopt;
}

std::string PendingKey(std::uint64_t sequence, std::uint32_t index) {
  std::string out;
  AppendU64be(out, sequence);
  AppendU32be(out, index);
  return out;
}

std::string EncodePending(const WaitingSpan& span) {
  std::string out;
  AppendU64be(out, span.key.high);
  AppendU64be(out, span.key.low);
  AppendU8(out, static_cast<std::uint8_t>((span.is_server ? kServerFlag : 0) |
                                          (span.error ? kErrorFlag : 0)));
  out.append(span.trace.View()).append(span.span.View());
  for (const UnixNanos time : {span.start, span.end, span.arrived})
    AppendU64be(out, ToUint64(time));
  AppendU64be(out, std::bit_cast<std::uint64_t>(span.weight));
  return out += span.service;
}

std::optional<WaitingSpan> DecodePending(std::string_view key, std::string_view value) {
  ByteCursor position(key);
  const auto sequence = position.U64be();
  const auto index = position.U32be();
  ByteCursor in(value);
  const auto high = in.U64be();
  const auto low = in.U64be();
  const auto flags = in.U8();
  const auto trace = TakeId<TraceId>(in);
  const auto span = TakeId<SpanId>(in);
  const auto start = TakeTime(in);
  const auto end = TakeTime(in);
  const auto arrived = TakeTime(in);
  const auto bits = in.U64be();
  if (!sequence || !index || position.remaining() != 0) return std::nullopt;
  if (!high || !low || !flags || !trace || !span || !start || !end || !arrived || !bits)
    return std::nullopt;
  const double weight = std::bit_cast<double>(*bits);
  if (!std::isfinite(weight) || in.remaining() > kMaxServiceName) return std::nullopt;
  return WaitingSpan{.key = {*high, *low},
                     .is_server = (*flags & kServerFlag) != 0,
                     .error = (*flags & kErrorFlag) != 0,
                     .trace = *trace,
                     .span = *span,
                     .start = *start,
                     .end = *end,
                     .arrived = *arrived,
                     .sequence = *sequence,
                     .weight = weight,
                     .service = std::string(in.rest())};
}

}  // namespace clew::store
