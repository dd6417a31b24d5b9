// Records of bpf/include/event.h as this stage uses them. Pure; the record may lie at any address.
#pragma once

#include <string_view>

#include "agent/conn/chunk.h"

namespace clew::conn {

// A chunk with the parts of the record that it points to; so it cannot be copied.
struct DecodedChunk {
  Chunk chunk;
  clew_context context;
  char last[8];

  DecodedChunk() = default;
  DecodedChunk(const DecodedChunk&) = delete;
  DecodedChunk& operator=(const DecodedChunk&) = delete;
};

// False when `record` is shorter than its type and its own lengths demand, or has no valid
// direction. `out.chunk.bytes` views `record`, everything else `out`.
bool DecodeData(std::string_view record, DecodedChunk& out);
bool DecodeBytes(std::string_view record, DecodedChunk& out);
bool DecodeOpen(std::string_view record, ConnInfo& out);
bool DecodeProcess(std::string_view record, clew_proc_event& out);
bool DecodeHandback(std::string_view record, clew_handback_event& out);
// The direction of an EOF record.
bool DecodeDirection(const clew_event_header& header, Direction& out);

}  // namespace clew::conn
