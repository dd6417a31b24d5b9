// What an exchange costs from records to Exchange; a whole span has 5 us of the agent's CPU, this
// stage wants 1.5 of them.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "agent/conn/conn_table.h"

namespace clew::conn {
namespace {

constexpr std::string_view kShortRequest =
    "GET /index.html HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
constexpr std::string_view kBrowserRequest =
    "GET /api/v1/orders/48213?expand=items HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: "
    "python-requests/2.28.1\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nAccept: application/json\r\nConnection: keep-alive\r\n"
    "Cookie: session=3f1b8a9e0c7d4f62a5b9; theme=dark; consent=1\r\nX-Request-Id: "
    "6f9619ff-8b86-d011-b42d-00cf4fc964ff\r\n"
    "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n";
constexpr std::string_view kLengthResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 01 Jan 2024 00:00:00 "
    "GMT\r\nContent-Type: text/html\r\n"
    "Content-Length: 20\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nConnection: "
    "keep-alive\r\nETag: \"abc-123\"\r\n"
    "Accept-Ranges: bytes\r\n\r\n01234567890123456789";
constexpr std::string_view kChunkedResponse =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: "
    "chunked\r\nConnection: keep-alive\r\n\r\n"
    "14\r\n01234567890123456789\r\n0\r\n\r\n";

class Discard final : public Sink<protocols::Exchange> {
 public:
  void Push(protocols::Exchange item) override {
    benchmark::DoNotOptimize(item.status_code);
    ++count;
  }
  std::uint64_t count = 0;
};

class NoProcesses final : public ProcessEventSink {
 public:
  void OnProcess(const clew_proc_event&) override {}
};

// A DATA record whose connection, time and offset are set before each use.
class DataRecord {
 public:
  DataRecord(Direction direction, std::string_view bytes, bool has_context)
      : bytes_(sizeof(clew_data_event), '\0') {
    bytes_ += bytes;
    event_.h.type = CLEW_EVENT_DATA;
    event_.h.direction = static_cast<std::uint8_t>(direction);
    event_.h.tgid = 42;
    event_.size = static_cast<std::uint32_t>(bytes.size());
    event_.captured = static_cast<std::uint16_t>(bytes.size());
    if (!has_context) return;
    event_.flags = CLEW_DATA_REQUEST;
    event_.ctx.origin = CLEW_ORIGIN_NEW;
    event_.ctx.trace_id[0] = event_.ctx.span_id[0] = 1;
  }
  void Give(ConnTable& table, std::uint64_t conn, std::uint64_t time, std::uint64_t round) {
    event_.h.conn = conn;
    event_.h.ts_ns = time;
    event_.offset = round * event_.size;
    std::memcpy(bytes_.data(), &event_, sizeof(event_));
    table.OnEvent(event_.h, bytes_);
  }

 private:
  std::string bytes_;
  clew_data_event event_{};  // last: it ends with a flexible array
};

std::string OpenRecord(std::uint64_t conn) {
  clew_conn_event event{};
  event.h.type = CLEW_EVENT_CONN_OPEN;
  event.h.conn = conn;
  event.family = AF_INET;
  event.role = CLEW_ROLE_PASSIVE;
  return std::string(reinterpret_cast<const char*>(&event), sizeof(event));
}

void GiveOpen(ConnTable& table, std::uint64_t conn) {
  const std::string record = OpenRecord(conn);
  clew_event_header header;
  std::memcpy(&header, record.data(), sizeof(header));
  table.OnEvent(header, record);
}

// Keep-alive connections, one exchange after the other, round robin over state.range(0) of them; a
// drain each 100 exchanges.
void KeepAlive(benchmark::State& state, std::string_view request, std::string_view response,
               bool kernel_context) {
  Discard out;
  NoProcesses processes;
  ConnTable table({}, out, processes);
  const auto connections = static_cast<std::uint64_t>(state.range(0));
  for (std::uint64_t conn = 1; conn <= connections; ++conn) GiveOpen(table, conn);
  DataRecord in(Direction::kIngress, request, kernel_context),
      reply(Direction::kEgress, response, false);
  std::uint64_t n = 0;
  for (auto _ : state) {
    const std::uint64_t conn = 1 + n % connections, round = n / connections;
    in.Give(table, conn, 2 * n, round);
    reply.Give(table, conn, 2 * n + 1, round);
    if (++n % 100 == 0) table.OnDrained();
  }
  if (out.count != n) state.SkipWithError("not every pair of records gave an exchange");
  state.SetItemsProcessed(static_cast<std::int64_t>(n));
}
BENCHMARK_CAPTURE(KeepAlive, short, kShortRequest, kLengthResponse, true)
    ->Arg(1)
    ->Arg(64)
    ->Arg(10000);
BENCHMARK_CAPTURE(KeepAlive, browser, kBrowserRequest, kLengthResponse, true)->Arg(64);
BENCHMARK_CAPTURE(KeepAlive, chunked, kBrowserRequest, kChunkedResponse, true)->Arg(64);
BENCHMARK_CAPTURE(KeepAlive, own_context, kBrowserRequest, kLengthResponse, false)->Arg(64);

// A connection for each exchange: open, request, response, close.
void NewConnections(benchmark::State& state) {
  Discard out;
  NoProcesses processes;
  ConnTable table({}, out, processes);
  DataRecord in(Direction::kIngress, kBrowserRequest, true),
      reply(Direction::kEgress, kLengthResponse, false);
  std::uint64_t n = 0;
  for (auto _ : state) {
    ++n;
    GiveOpen(table, n);
    in.Give(table, n, 2 * n, 0);
    reply.Give(table, n, 2 * n + 1, 0);
    clew_event_header close{};
    close.type = CLEW_EVENT_CONN_CLOSE;
    close.conn = n;
    close.ts_ns = 2 * n + 1;
    table.OnEvent(close, std::string_view(reinterpret_cast<const char*>(&close), sizeof(close)));
    if (n % 100 == 0) table.OnDrained();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(n));
}
BENCHMARK(NewConnections);

// What an idle keep-alive connection keeps; the time is of no interest.
void IdleMemory(benchmark::State& state) {
  constexpr std::uint64_t kConnections = 10000;
  for (auto _ : state) {
    Discard out;
    NoProcesses processes;
    const std::size_t before = mallinfo2().uordblks;
    ConnTable table({}, out, processes);
    DataRecord in(Direction::kIngress, kBrowserRequest, true),
        reply(Direction::kEgress, kLengthResponse, false);
    for (std::uint64_t conn = 1; conn <= kConnections; ++conn) {
      GiveOpen(table, conn);
      in.Give(table, conn, 1, 0);
      reply.Give(table, conn, 2, 0);
    }
    table.OnDrained();
    state.counters["bytes_per_connection"] =
        static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(kConnections);
  }
}
BENCHMARK(IdleMemory)->Iterations(1);

}  // namespace
}  // namespace clew::conn

BENCHMARK_MAIN();
