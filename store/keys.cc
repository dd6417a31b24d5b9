#include "store/keys.h"

#include "base/bytes.h"
#include "base/result.h"

namespace clew::store {
namespace {

// Times are unsigned on disk; a set top bit would be a time that no encoder writes.
std::optional<UnixNanos> TimeFrom(std::optional<std::uint64_t> ns) {
  if (!ns || *ns >> 63 != 0) return std::nullopt;
  return UnixNanosFrom(*ns);
}

template <typename Id>
std::optional<Id> TakeId(ByteCursor& in) {
  const auto raw = in.Take(Id::kSize);
  return raw ? Id::FromBytes(*raw) : std::nullopt;
}

}  // namespace

std::string Encode(const HotKey& key) {
  std::string out(key.trace.View());
  AppendU64be(out, key.sequence);
  return out;
}

std::optional<HotKey> DecodeHotKey(std::string_view bytes) {
  ByteCursor in(bytes);
  const auto trace = TakeId<TraceId>(in);
  const auto sequence = in.U64be();
  if (!trace || !sequence || in.remaining() != 0) return std::nullopt;
  return HotKey{*trace, *sequence};
}

std::string IndexPrefix(std::string_view service) {
  CLEW_CHECK(service.size() <= kMaxServiceName);
  std::string out;
  AppendU16be(out, static_cast<std::uint16_t>(service.size()));
  out += service;
  return out;
}

void EncodeIndexKey(std::string_view service, UnixNanos start, const TraceId& trace,
                    std::string& out) {
  CLEW_CHECK(service.size() <= kMaxServiceName && start >= UnixNanos{});
  out.clear();
  AppendU16be(out, static_cast<std::uint16_t>(service.size()));
  out += service;
  AppendU64be(out, ~ToUint64(start));
  out += trace.View();
}

std::string Encode(const IndexKey& key) {
  std::string out;
  EncodeIndexKey(key.service, key.start, key.trace, out);
  return out;
}

std::optional<IndexKey> DecodeIndexKey(std::string_view bytes) {
  ByteCursor in(bytes);
  const auto size = in.U16be();
  if (!size || *size > kMaxServiceName) return std::nullopt;
  const auto service = in.Take(*size);
  const auto inverted = in.U64be();
  const auto trace = TakeId<TraceId>(in);
  if (!service || !inverted || !trace || in.remaining() != 0) return std::nullopt;
  const auto start = TimeFrom(~*inverted);
  if (!start) return std::nullopt;
  return IndexKey{std::string(*service), *start, *trace};
}

std::string Encode(const Totals& totals) {
  std::string out;
  AppendU64be(out, totals.spans);
  AppendU64be(out, totals.traces);
  AppendU64be(out, totals.next_sequence);
  return out;
}

std::optional<Totals> DecodeTotals(std::string_view bytes) {
  ByteCursor in(bytes);
  const auto spans = in.U64be();
  const auto traces = in.U64be();
  const auto sequence = in.U64be();
  if (!spans || !traces || !sequence || in.remaining() != 0) return std::nullopt;
  return Totals{*spans, *traces, *sequence};
}

std::string ServiceKey(std::string_view name) { return std::string(kServicePrefix).append(name); }

std::string Encode(const ServiceTotals& totals) {
  std::string out;
  AppendU64be(out, totals.span_count);
  AppendU64be(out, ToUint64(totals.last_seen));
  return out;
}

std::optional<ServiceTotals> DecodeServiceTotals(std::string_view bytes) {
  ByteCursor in(bytes);
  const auto count = in.U64be();
  const auto last_seen = TimeFrom(in.U64be());
  if (!count || !last_seen || in.remaining() != 0) return std::nullopt;
  return ServiceTotals{*count, *last_seen};
}

}  // namespace clew::store
