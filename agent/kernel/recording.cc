#include "agent/kernel/recording.h"

#include <algorithm>
#include <cstring>

#include "bpf/include/event.h"

namespace clew::kernel {
namespace {

// What later versions added was padding before, always zero: "not known".
constexpr std::uint32_t kOldestEvents = 1;
// Event records are stored as the machine has them in memory: a reader of the other byte order sees
// this reversed.
constexpr std::uint32_t kByteOrderMark = 0x01020304;

std::string NativeByteOrder() {
  std::string out(sizeof(kByteOrderMark), '\0');
  std::memcpy(out.data(), &kByteOrderMark, sizeof(kByteOrderMark));
  return out;
}

}  // namespace

std::string EncodeHeader(const RecordingHeader& header) {
  std::string out(kRecordingMagic);
  AppendU32be(out, kRecordingVersion);
  AppendU32be(out, CLEW_EVENT_VERSION);
  out += NativeByteOrder();
  AppendU64be(out, static_cast<std::uint64_t>(header.clock_offset.count()));
  std::string boot_id = header.boot_id;
  boot_id.resize(kBootIdSize);
  return out + boot_id;
}

Result<RecordingHeader> DecodeHeader(std::string_view bytes) {
  ByteCursor in(bytes);
  const auto magic = in.Take(kRecordingMagic.size());
  if (!magic || *magic != kRecordingMagic)
    return Error{Code::kCorrupt, "not a recording of clew-agent"};
  const auto version = in.U32be();
  const auto event_version = in.U32be();
  const auto byte_order = in.Take(sizeof(kByteOrderMark));
  const auto offset = in.U64be();
  const auto boot_id = in.Take(kBootIdSize);
  if (!boot_id) return Error{Code::kCorrupt, "the recording ends within its header"};
  if (*version != kRecordingVersion || *event_version < kOldestEvents ||
      *event_version > CLEW_EVENT_VERSION) {
    return Error{Code::kUnsupported, "the recording is of format " + std::to_string(*version) +
                                         ", events " + std::to_string(*event_version) +
                                         "; this agent reads format " +
                                         std::to_string(kRecordingVersion) + ", events " +
                                         std::to_string(kOldestEvents) + " to " +
                                         std::to_string(CLEW_EVENT_VERSION)};
  }
  if (*byte_order != NativeByteOrder()) {
    return Error{Code::kUnsupported, "the recording was made on a machine with another byte order"};
  }
  RecordingHeader header;
  header.clock_offset = std::chrono::nanoseconds(static_cast<std::int64_t>(*offset));
  header.boot_id = boot_id->substr(0, boot_id->find('\0'));
  return header;
}

bool IsWholeRecord(std::string_view record) {
  clew_event_header header;
  if (record.size() < sizeof(header)) return false;
  std::memcpy(&header, record.data(), sizeof(header));
  switch (header.type) {
    case CLEW_EVENT_CONN_OPEN:
      return record.size() >= sizeof(clew_conn_event);
    case CLEW_EVENT_CONN_CLOSE:
    case CLEW_EVENT_EOF:
      return true;
    case CLEW_EVENT_BYTES:
      return record.size() >= sizeof(clew_bytes_event);
    case CLEW_EVENT_PROC:
      return record.size() >= sizeof(clew_proc_event);
    case CLEW_EVENT_HANDBACK:
      return record.size() >= sizeof(clew_handback_event);
    case CLEW_EVENT_DATA: {
      if (record.size() < sizeof(clew_data_event)) return false;
      decltype(clew_data_event::captured) captured;
      std::memcpy(&captured, record.data() + offsetof(clew_data_event, captured), sizeof(captured));
      return record.size() - sizeof(clew_data_event) >= captured;
    }
    default:
      return false;
  }
}

}  // namespace clew::kernel
