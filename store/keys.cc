#include "store/keys.h"

#include "base/bytes.h"
#include "base/result.h"

namespace clew::store {
namespace {

constexpr std::size_t kSegmentKeyBytes = sizeof(std::uint32_t) + sizeof(std::uint64_t);

void AppendSegmentKey(const SegmentKey& key, std::string& out) {
  AppendU32be(out, key.bucket);
  AppendU64be(out, key.number);
}

// What follows the prefix; nothing when `bytes` does not begin with it.
std::optional<ByteCursor> Behind(std::string_view prefix, std::string_view bytes) {
  if (!bytes.starts_with(prefix)) return std::nullopt;
  return ByteCursor(bytes.substr(prefix.size()));
}

}  // namespace

std::string EncodeHotKey(std::uint64_t sequence) {
  std::string out;
  AppendU64be(out, sequence);
  return out;
}

std::optional<std::uint64_t> DecodeHotKey(std::string_view bytes) {
  ByteCursor in(bytes);
  const auto sequence = in.U64be();
  return in.remaining() == 0 ? sequence : std::nullopt;
}

std::string Encode(const SegmentKey& key) {
  std::string out;
  AppendSegmentKey(key, out);
  return out;
}

std::optional<SegmentKey> DecodeSegmentKey(std::string_view bytes) {
  ByteCursor in(bytes);
  const auto bucket = in.U32be();
  const auto number = in.U64be();
  if (!bucket || !number || in.remaining() != 0) return std::nullopt;
  return SegmentKey{*bucket, *number};
}

std::string MetaKey(const SegmentKey& key) {
  std::string out(kMetaPrefix);
  AppendSegmentKey(key, out);
  return out;
}

std::string EncodeParts(const std::vector<SegmentKey>& parts) {
  std::string out;
  for (const SegmentKey& part : parts) AppendSegmentKey(part, out);
  return out;
}

std::optional<std::vector<SegmentKey>> DecodeParts(std::string_view bytes) {
  if (bytes.empty() || bytes.size() % kSegmentKeyBytes != 0) return std::nullopt;
  std::vector<SegmentKey> parts;
  for (ByteCursor in(bytes); in.remaining() > 0;) {
    parts.push_back(*DecodeSegmentKey(*in.Take(kSegmentKeyBytes)));
  }
  return parts;
}

std::string Encode(const Totals& totals) {
  std::string out;
  AppendU64be(out, totals.spans);
  AppendU64be(out, totals.traces);
  AppendU64be(out, totals.next_sequence);
  AppendU64be(out, totals.next_segment);
  return out;
}

std::optional<Totals> DecodeTotals(std::string_view bytes) {
  ByteCursor in(bytes);
  const auto spans = in.U64be();
  const auto traces = in.U64be();
  const auto sequence = in.U64be();
  const auto segment = in.U64be();
  if (!spans || !traces || !sequence || !segment || in.remaining() != 0) return std::nullopt;
  return Totals{*spans, *traces, *sequence, *segment};
}

std::string Encode(const EdgeKey& key) {
  CLEW_CHECK(key.caller.size() <= kMaxServiceName);
  std::string out = EdgeHourPrefix(key.hour);
  AppendU16be(out, static_cast<std::uint16_t>(key.caller.size()));
  out += key.caller;
  return out += key.callee;
}

std::string EdgeHourPrefix(std::uint32_t hour) {
  std::string out(kEdgePrefix);
  AppendU32be(out, hour);
  return out;
}

std::optional<EdgeKey> DecodeEdgeKey(std::string_view bytes) {
  auto in = Behind(kEdgePrefix, bytes);
  if (!in) return std::nullopt;
  const auto hour = in->U32be();
  const auto size = in->U16be();
  if (!hour || !size || *size > kMaxServiceName) return std::nullopt;
  const auto caller = in->Take(*size);
  if (!caller) return std::nullopt;
  return EdgeKey{*hour, std::string(*caller), std::string(in->rest())};
}

}  // namespace clew::store
