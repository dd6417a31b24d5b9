// Any records into the connection table: each is a length (u16, little endian) and so many bytes;
// length 0 is a drain. Small limits, so that eviction and abandonment happen; the bounds must hold
// after each record.
#include <cstdint>
#include <cstring>
#include <string_view>

#include "agent/conn/conn_table.h"
#include "base/result.h"

namespace {

class Drop final : public clew::Sink<clew::protocols::Exchange> {
 public:
  void Push(clew::protocols::Exchange) override {}
};
class NoProcesses final : public clew::conn::ProcessEventSink {
 public:
  void OnProcess(const clew_proc_event&) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t kConnections = 4, kPerConnection = 6000, kTotal = 12000;
  Drop out;
  NoProcesses processes;
  clew::conn::ConnTable table({.max_connections = kConnections,
                               .max_buffered_per_connection = kPerConnection,
                               .max_buffered = kTotal},
                              out, processes);
  while (rest.size() >= 2) {
    const std::size_t length =
        static_cast<std::uint8_t>(rest[0]) | static_cast<std::uint8_t>(rest[1]) << 8;
    rest.remove_prefix(2);
    if (length == 0) {
      table.OnDrained();
      continue;
    }
    const std::string_view record = rest.substr(0, length);
    rest.remove_prefix(record.size());
    clew_event_header header{};
    if (record.size() < sizeof(header)) continue;
    std::memcpy(&header, record.data(), sizeof(header));
    table.OnEvent(header, record);
    CLEW_CHECK(table.connections() <= kConnections);
    CLEW_CHECK(table.buffered() <= kTotal);
  }
  table.Flush();
  CLEW_CHECK(table.connections() == 0 && table.buffered() == 0);
  CLEW_CHECK(!table.Counters().empty());
  return 0;
}
