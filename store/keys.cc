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

std::string CountsPrefix(std::uint32_t bucket) {
  std::string out(kCountsPrefix);
  AppendU32be(out, bucket);
  return out;
}

std::string Encode(const CountsKey& key) {
  std::string out = CountsPrefix(key.bucket);
  out.push_back(static_cast<char>(key.what));
  return out += key.name;
}

std::optional<CountsKey> DecodeCountsKey(std::string_view bytes) {
  constexpr std::uint8_t kLastScope = 2;
  auto in = Behind(kCountsPrefix, bytes);
  if (!in) return std::nullopt;
  const auto bucket = in->U32be();
  const auto what = in->U8();
  if (!bucket || !what || *what > kLastScope) return std::nullopt;
  return CountsKey{*bucket, *what, std::string(in->rest())};
}

std::string EdgeHourPrefix(std::uint32_t hour) {
  std::string out(kEdgePrefix);
  AppendU32be(out, hour);
  return out;
}

std::string EdgePrefix(std::uint32_t hour, std::uint32_t bucket) {
  std::string out = EdgeHourPrefix(hour);
  AppendU32be(out, bucket);
  return out;
}

std::string Encode(const EdgeKey& key) {
  CLEW_CHECK(key.caller.size() <= kMaxServiceName);
  std::string out = EdgePrefix(key.hour, key.bucket);
  AppendU16be(out, static_cast<std::uint16_t>(key.caller.size()));
  out += key.caller;
  return out += key.callee;
}

std::optional<EdgeKey> DecodeEdgeKey(std::string_view bytes) {
  auto in = Behind(kEdgePrefix, bytes);
  if (!in) return std::nullopt;
  const auto hour = in->U32be();
  const auto bucket = in->U32be();
  const auto size = in->U16be();
  if (!hour || !bucket || !size || *size > kMaxServiceName) return std::nullopt;
  const auto caller = in->Take(*size);
  if (!caller) return std::nullopt;
  return EdgeKey{*hour, *bucket, std::string(*caller), std::string(in->rest())};
}

}  // namespace clew::store
