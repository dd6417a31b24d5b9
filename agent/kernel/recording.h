// The bytes of a --record file. Normative: docs/formats/recording.md.
//
//   file   = header | entry*
//   header = magic[8] | version u32be | event_version u32be | byte_order[4] | clock_offset_ns u64be
//   | boot_id[36] entry  = kind u8 | length u32be | payload[length]
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace clew::kernel {

inline constexpr std::string_view kRecordingMagic{"CLEWREC\n", 8};
inline constexpr std::uint32_t kRecordingVersion = 1;
inline constexpr std::size_t kBootIdSize = 36;
inline constexpr std::size_t kRecordingHeaderSize = 8 + 4 + 4 + 4 + 8 + kBootIdSize;
inline constexpr std::size_t kEntryHeaderSize = 1 + 4;
inline constexpr std::uint32_t kMaxEntry = 64 << 10;

enum class EntryKind : std::uint8_t {
  kEvent = 1,    // payload: a record of bpf/include/event.h as it came out of the ring
  kProcess = 2,  // payload: tgid u32be | metadata, see agent/process/resource_codec.h
  kDrained = 3,  // no payload: the end of one drain of the ring
};

struct RecordingHeader {
  std::chrono::nanoseconds
      clock_offset{};   // CLOCK_REALTIME minus CLOCK_MONOTONIC at the start of the recording
  std::string boot_id;  // kBootIdSize characters, shorter ones are padded with NUL
};

std::string EncodeHeader(const RecordingHeader& header);
// kCorrupt: not a recording. kUnsupported: of another version, or of a machine with another byte
// order; the message says which.
Result<RecordingHeader> DecodeHeader(std::string_view bytes);

inline void AppendEntryHeader(std::string& out, EntryKind kind, std::size_t size) {
  AppendU8(out, static_cast<std::uint8_t>(kind));
  AppendU32be(out, static_cast<std::uint32_t>(size));
}

// True when `record` is a record of bpf/include/event.h that may be given to an EventSink: as long
// as its type demands, captured bytes included. Records for the loader itself are none.
bool IsWholeRecord(std::string_view record);

}  // namespace clew::kernel
