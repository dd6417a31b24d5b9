// The one home of the store's key bytes and of the small fixed-size values. Specification:
// docs/formats/keys.md.
//
// DO NOT REORDER a field of any layout: these bytes are on disk. All integers are big-endian, so
// that keys sort by their value. Decoders take any bytes (a disk is not trusted either) and answer
// nothing for what no encoder wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace clew::store {

// Version of everything that docs/formats/ describes; in family `default` under "format".
inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kMaxServiceName = 1024;  // bytes; the receiver refuses longer ones

// hot: trace_id[16] | sequence u64be -> fragment
// The sequence grows with every fragment, so the fragments of a trace lie together in order of
// arrival.
struct HotKey {
  TraceId trace;
  std::uint64_t sequence = 0;
  bool operator==(const HotKey&) const = default;
};
std::string Encode(const HotKey& key);
std::optional<HotKey> DecodeHotKey(std::string_view bytes);

// index: len u16be | service[len] | ~start_ns u64be | trace_id[16] -> empty
// One row per trace and service in it, and one with an empty service for every trace. The length
// keeps ("ab", "c") and
// ("a", "bc") apart; ~start sorts newest first, so that a search seeks forward.
struct IndexKey {
  std::string service;  // at most kMaxServiceName bytes
  UnixNanos start{};    // of the trace; not before 1970
  TraceId trace;
  bool operator==(const IndexKey&) const = default;
};
std::string Encode(const IndexKey& key);
// The same into `out`, whose memory is used again: the writer makes several of these per trace.
void EncodeIndexKey(std::string_view service, UnixNanos start, const TraceId& trace,
                    std::string& out);
std::optional<IndexKey> DecodeIndexKey(std::string_view bytes);
// The bytes that all rows of a service begin with.
std::string IndexPrefix(std::string_view service);

// meta: "totals" -> spans u64be | traces u64be | next_sequence u64be
struct Totals {
  std::uint64_t spans = 0;
  std::uint64_t traces = 0;
  std::uint64_t next_sequence = 0;
  bool operator==(const Totals&) const = default;
};
inline constexpr std::string_view kFormatKey = "format";
inline constexpr std::string_view kTotalsKey = "totals";
std::string Encode(const Totals& totals);
std::optional<Totals> DecodeTotals(std::string_view bytes);

// meta: "service/" | name -> span_count u64be | last_seen_ns u64be
struct ServiceTotals {
  std::uint64_t span_count = 0;
  UnixNanos last_seen{};  // latest end of a span; not before 1970
  bool operator==(const ServiceTotals&) const = default;
};
inline constexpr std::string_view kServicePrefix = "service/";
std::string ServiceKey(std::string_view name);
std::string Encode(const ServiceTotals& totals);
std::optional<ServiceTotals> DecodeServiceTotals(std::string_view bytes);

}  // namespace clew::store
