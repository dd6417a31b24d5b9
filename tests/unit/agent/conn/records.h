// Records as the kernel side writes them, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/conn/chunk.h"

namespace clew::conn {

struct RecordOptions {
  std::uint64_t conn = 1;
  std::uint64_t time = 0;
  std::uint32_t tgid = 100;
  Direction direction = Direction::kIngress;
};

std::string OpenRecord(const RecordOptions& options, std::uint16_t family, std::uint8_t role);
// `size` 0: as many as `bytes`.
std::string DataRecord(const RecordOptions& options, std::uint64_t offset, std::string_view bytes,
                       std::uint32_t size = 0, std::string_view last = {}, std::uint16_t flags = 0,
                       const clew_context& context = {});
std::string BytesRecord(const RecordOptions& options, std::uint64_t offset, std::uint32_t size,
                        std::string_view first, std::string_view last);
// `type`: EOF and CLOSE, or none that exists.
std::string HeaderRecord(const RecordOptions& options, int type);
// What is said of the parent of the call with the span id `span_id`; the request's ids are of 0x11 and 0x22.
std::string HandbackRecord(const RecordOptions& options, const std::uint8_t (&span_id)[8],
                           clew_handback_verdict verdict);
std::string ProcRecord(const RecordOptions& options, clew_proc_what what);

}  // namespace clew::conn
