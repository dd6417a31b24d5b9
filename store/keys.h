// The one home of the store's key bytes and of the small fixed-size values. Specification:
// docs/formats/keys.md.
//
// DO NOT REORDER a field of any layout: these bytes are on disk. All integers are big-endian, so
// that keys sort by their value. Decoders take any bytes (a disk is not trusted either) and answer
// nothing for what no encoder wrote.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace clew::store {

// Version of everything that docs/formats/ describes but recordings; in family `default` under
// "format".
inline constexpr std::uint32_t kFormatVersion = 3;
inline constexpr std::size_t kMaxServiceName = 1024;  // bytes; the receiver refuses longer ones

inline constexpr std::string_view kFormatKey = "format";

// hot: sequence u64be -> fragment. One row an append, or several when it is large: the sequence
// grows with every row.
std::string EncodeHotKey(std::uint64_t sequence);
std::optional<std::uint64_t> DecodeHotKey(std::string_view bytes);

// Which segment. Numbers are never used again; the bucket is the hour in which it was sealed.
struct SegmentKey {
  std::uint32_t bucket = 0;  // hours since 1970
  std::uint64_t number = 0;
  auto operator<=>(const SegmentKey&) const = default;
};
// segment, filter: bucket u32be | number u64be -> segment, filter
std::string Encode(const SegmentKey& key);
std::optional<SegmentKey> DecodeSegmentKey(std::string_view bytes);
// default: "segment/" | bucket u32be | number u64be -> SegmentMeta
inline constexpr std::string_view kMetaPrefix = "segment/";
std::string MetaKey(const SegmentKey& key);

// trace: trace_id[16] -> { bucket u32be | number u64be }*, the segments that hold spans of it in
// the order in which they were sealed
std::string EncodeParts(const std::vector<SegmentKey>& parts);
std::optional<std::vector<SegmentKey>> DecodeParts(std::string_view bytes);

// default: "totals" -> spans u64be | traces u64be | next_sequence u64be | next_segment u64be
// Of what is sealed; the hot rows are counted at start.
struct Totals {
  std::uint64_t spans = 0;
  std::uint64_t traces = 0;
  std::uint64_t next_sequence = 1;
  std::uint64_t next_segment = 1;
  bool operator==(const Totals&) const = default;
};
// -> sequence u64be: rows of the family `alias` that appends before it wrote count no more.
inline constexpr std::string_view kAliasesFromKey = "aliases";
inline constexpr std::string_view kTotalsKey = "totals";
std::string Encode(const Totals& totals);
std::optional<Totals> DecodeTotals(std::string_view bytes);

// default: "counts/" | bucket u32be | what u8 | name -> ServiceCounts of a service, spans u64be of
// an attribute key; of what came in that hour
inline constexpr std::string_view kCountsPrefix = "counts/";
struct CountsKey {
  static constexpr std::uint8_t kService = 0;
  std::uint32_t bucket = 0;      // hours since 1970
  std::uint8_t what = kService;  // else the AttributeScope of a key
  std::string name;
  auto operator<=>(const CountsKey&) const = default;
};
// With the prefix.
std::string Encode(const CountsKey& key);
std::optional<CountsKey> DecodeCountsKey(std::string_view bytes);
// The bytes that all counts of a bucket begin with.
std::string CountsPrefix(std::uint32_t bucket);

// default: "call/" | hour u32be | bucket u32be | caller length u16be | caller | callee ->
// EdgeCounts
inline constexpr std::string_view kEdgePrefix = "call/";
struct EdgeKey {
  std::uint32_t hour = 0;    // of the called spans' start, hours since 1970
  std::uint32_t bucket = 0;  // in which the calls came
  std::string caller;        // at most kMaxServiceName bytes
  std::string callee;
  auto operator<=>(const EdgeKey&) const = default;
};
// With the prefix.
std::string Encode(const EdgeKey& key);
std::optional<EdgeKey> DecodeEdgeKey(std::string_view bytes);
// The bytes that all edges of an hour, and those of an hour and a bucket, begin with.
std::string EdgeHourPrefix(std::uint32_t hour);
std::string EdgePrefix(std::uint32_t hour, std::uint32_t bucket);

// Behind every row that begins with what CountsPrefix or EdgePrefix gives, before all others.
inline std::string EndOfRows(std::string prefix) { return prefix += '\xff'; }

}  // namespace clew::store
