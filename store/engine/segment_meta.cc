#include "store/engine/segment_meta.h"

#include <protozero/pbf_writer.hpp>

#include "store/wire_reader.h"

namespace clew::store {
namespace {

// Field numbers. DO NOT REUSE: they are on disk.
enum Field : std::uint32_t {
  kRows = 1,
  kTraces = 2,
  kNewTraces = 3,
  kBytes = 4,
  kMinStart = 5,
  kMaxStart = 6,
  kMaxDuration = 7,
  kFirstArrival = 8,
  kLastArrival = 9,
  kHasBases = 10,
  kHasLater = 11,
  kTier = 12,
  kJudgeAgain = 13,
};

// Sixty-three bits: a time or a duration that no encoder wrote is refused.
std::int64_t Nanos(std::uint64_t ns) {
  if (ns >> 63 != 0) throw protozero::invalid_length_exception{};
  return static_cast<std::int64_t>(ns);
}

void ReadField(WireReader& in, SegmentMeta& meta) {
  const std::uint64_t value = in.Varint();
  switch (in.field()) {
    case kRows:
      meta.rows = static_cast<std::uint32_t>(value);
      return;
    case kTraces:
      meta.traces = static_cast<std::uint32_t>(value);
      return;
    case kNewTraces:
      meta.new_traces = static_cast<std::uint32_t>(value);
      return;
    case kBytes:
      meta.bytes = value;
      return;
    case kMinStart:
      meta.min_start = UnixNanos(std::chrono::nanoseconds(Nanos(value)));
      return;
    case kMaxStart:
      meta.max_start = UnixNanos(std::chrono::nanoseconds(Nanos(value)));
      return;
    case kMaxDuration:
      meta.max_duration = std::chrono::nanoseconds(Nanos(value));
      return;
    case kFirstArrival:
      meta.first_arrival = value;
      return;
    case kLastArrival:
      meta.last_arrival = value;
      return;
    case kHasBases:
      meta.has_bases = value != 0;
      return;
    case kHasLater:
      meta.has_later = value != 0;
      return;
    case kTier:
      meta.tier = static_cast<std::uint32_t>(value);
      return;
    case kJudgeAgain:
      meta.judge_again = static_cast<std::uint32_t>(value);
      return;
    default:
      return;
  }
}

}  // namespace

std::string EncodeSegmentMeta(const SegmentMeta& meta) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_uint32(kRows, meta.rows);
  writer.add_uint32(kTraces, meta.traces);
  writer.add_uint32(kNewTraces, meta.new_traces);
  writer.add_uint64(kBytes, meta.bytes);
  writer.add_uint64(kMinStart, ToUint64(meta.min_start));
  writer.add_uint64(kMaxStart, ToUint64(meta.max_start));
  writer.add_uint64(kMaxDuration, static_cast<std::uint64_t>(meta.max_duration.count()));
  writer.add_uint64(kFirstArrival, meta.first_arrival);
  writer.add_uint64(kLastArrival, meta.last_arrival);
  writer.add_bool(kHasBases, meta.has_bases);
  writer.add_bool(kHasLater, meta.has_later);
  if (meta.tier != 0) writer.add_uint32(kTier, meta.tier);
  if (meta.judge_again != 0) writer.add_uint32(kJudgeAgain, meta.judge_again);
  return out;
}

Result<SegmentMeta> DecodeSegmentMeta(const SegmentKey& key, std::string_view bytes) {
  SegmentMeta meta;
  meta.key = key;
  try {
    for (WireReader in(bytes); in.Next();) {
      if (in.Is(in.field(), WireType::kVarint)) {
        ReadField(in, meta);
      } else {
        in.Skip();
      }
    }
  } catch (const protozero::exception& error) {
    return Error{Code::kCorrupt, std::string("stored segment meta: ") + error.what()};
  }
  if (meta.rows == 0 || meta.traces == 0 || meta.traces > meta.rows) {
    return Error{Code::kCorrupt, "stored segment meta: no spans"};
  }
  return meta;
}

}  // namespace clew::store
