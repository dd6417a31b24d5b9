#include "agent/conn/conn_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/agent/conn/records.h"

namespace clew::conn {
namespace {

using protocols::Exchange;
using protocols::Role;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class Exchanges final : public Sink<Exchange> {
 public:
  void Push(Exchange item) override { all.push_back(std::move(item)); }
  std::vector<Exchange> all;
};

class Processes final : public ProcessEventSink {
 public:
  void OnProcess(const clew_proc_event& event) override { all.push_back(event); }
  std::vector<clew_proc_event> all;
};

class ConnTableTest : public testing::Test {
 protected:
  void Give(const std::string& record) {
    clew_event_header header;
    std::memcpy(&header, record.data(), sizeof(header));
    table_->OnEvent(header, record);
  }
  void Open(std::uint64_t conn, std::uint16_t family = AF_INET,
            std::uint8_t role = CLEW_ROLE_PASSIVE) {
    Give(OpenRecord({.conn = conn, .time = ++time_}, family, role));
  }
  // Moves `bytes` at the end of the connection's stream.
  void Read(std::uint64_t conn, const std::string& bytes) {
    Move(conn, Direction::kIngress, bytes);
  }
  void Write(std::uint64_t conn, const std::string& bytes) {
    Move(conn, Direction::kEgress, bytes);
  }
  void Move(std::uint64_t conn, Direction direction, const std::string& bytes) {
    std::uint64_t& offset = offsets_[{conn, direction}];
    Give(DataRecord({.conn = conn, .time = ++time_, .tgid = tgid_, .direction = direction}, offset,
                    bytes));
    offset += bytes.size();
  }
  void Lose(std::uint64_t conn, Direction direction, std::uint64_t bytes) {
    offsets_[{conn, direction}] += bytes;
  }
  void Close(std::uint64_t conn) {
    Give(HeaderRecord({.conn = conn, .time = ++time_}, CLEW_EVENT_CONN_CLOSE));
  }
  std::uint64_t Counter(std::string_view name) {
    for (const NamedCounter& counter : table_->Counters()) {
      if (counter.name == name) return counter.value;
    }
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }
  void Make(ConnTableOptions options) {
    table_.emplace(std::move(options), exchanges_, processes_);
  }
  const std::vector<Exchange>& exchanges() const { return exchanges_.all; }

  void SetUp() override { Make({}); }

  Exchanges exchanges_;
  Processes processes_;
  std::optional<ConnTable> table_;
  std::map<std::pair<std::uint64_t, Direction>, std::uint64_t> offsets_;
  std::uint64_t time_ = 1000;
  std::uint32_t tgid_ = 100;
};

TEST_F(ConnTableTest, RecordsBecomeAnExchange) {
  Open(1);
  Read(1, kGet);
  Write(1, kOk);
  ASSERT_EQ(exchanges().size(), 1u);
  const Exchange& exchange = exchanges()[0];
  EXPECT_EQ(exchange.role, Role::kServer);
  EXPECT_EQ(exchange.conn.id, 1u);
  EXPECT_EQ(exchange.conn.local.port, 8080);
  EXPECT_EQ(exchange.conn.remote.address, "10.1.2.3");
  EXPECT_EQ(exchange.tgid, 100u);
  EXPECT_EQ(exchange.status_code, 200);
  EXPECT_TRUE(exchange.context.trace_id.valid());
}

TEST_F(ConnTableTest, WorksWithoutAndBeforeAnOpenRecord) {
  Read(1, kGet);
  Write(1, kOk);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_EQ(exchanges()[0].conn.family, 0);
  EXPECT_EQ(exchanges()[0].conn.id, 1u);
  Open(1);
  Read(1, kGet);
  Write(1, kOk);
  ASSERT_EQ(exchanges().size(), 2u);
  EXPECT_EQ(exchanges()[1].conn.family, AF_INET);
  EXPECT_EQ(exchanges()[1].request_number, 1u);
  table_->OnDrained();
  EXPECT_EQ(Counter("conn_without_open"), 1u);
}

TEST_F(ConnTableTest, TheTwoEndsOfAConnectionAreTwoConnections) {
  Open(1, AF_INET, CLEW_ROLE_ACTIVE);
  Open(2, AF_INET, CLEW_ROLE_PASSIVE);
  Write(1, kGet);
  Read(2, kGet);
  Write(2, kOk);
  Read(1, kOk);
  ASSERT_EQ(exchanges().size(), 2u);
  EXPECT_EQ(exchanges()[0].role, Role::kServer);
  EXPECT_EQ(exchanges()[0].conn.id, 2u);
  EXPECT_EQ(exchanges()[1].role, Role::kClient);
  EXPECT_EQ(exchanges()[1].conn.id, 1u);
}

TEST_F(ConnTableTest, TheKernelSidesContextIsTheSpans) {
  clew_context context{};
  context.trace_id[0] = context.span_id[0] = 0xaa;
  context.origin = CLEW_ORIGIN_NEW;
  Open(1);
  Give(DataRecord({.time = 1}, 0, kGet, 0, {}, CLEW_DATA_REQUEST, context));
  Write(1, kOk);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_EQ(exchanges()[0].context.span_id.bytes[0], 0xaa);
}

TEST_F(ConnTableTest, ACallThatLeftBeforeItsParentWasKnownWaitsForIt) {
  clew_context context{};
  context.trace_id[0] = context.span_id[0] = 0xaa;
  context.origin = CLEW_ORIGIN_NEW;
  context.awaits_handback = 1;
  Open(1, AF_INET, CLEW_ROLE_ACTIVE);
  Give(DataRecord({.time = 1, .direction = Direction::kEgress}, 0, kGet, 0, {}, CLEW_DATA_REQUEST,
                  context));
  Read(1, kOk);
  EXPECT_EQ(exchanges().size(), 0u);
  Give(HandbackRecord({.time = 2}, context.span_id, CLEW_HANDBACK_LIKELY));
  Give(HandbackRecord({.time = 3}, context.span_id, CLEW_HANDBACK_SURE));
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_EQ(exchanges()[0].context.late_trace_id.bytes[15], 0x11);
  EXPECT_EQ(exchanges()[0].context.late_parent_id.bytes[7], 0x22);
  EXPECT_EQ(Counter("handback_linked"), 1u);
}

TEST_F(ConnTableTest, OverlapsAreCutAndDuplicatesDropped) {
  Open(1);
  Give(DataRecord({.time = 1}, 0, kGet.substr(0, 10)));
  Give(DataRecord({.time = 1}, 0, kGet.substr(0, 10)));
  Give(DataRecord({.time = 1}, 4, kGet.substr(4)));
  Write(1, kOk);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_FALSE(exchanges()[0].incomplete);
  table_->OnDrained();
  EXPECT_EQ(Counter("conn_duplicate_bytes"), 16u);
  EXPECT_EQ(Counter("conn_gap_bytes"), 0u);
}

TEST_F(ConnTableTest, AGapIsToldAndCounted) {
  Open(1);
  Read(1, "POST /a HTTP/1.1\r\nContent-Length: 100\r\n\r\n");
  Lose(1, Direction::kIngress, 90);
  Read(1, std::string(10, 'x'));
  Write(1, kOk);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_EQ(exchanges()[0].request_body_size, 100u);
  table_->OnDrained();
  EXPECT_EQ(Counter("conn_gap_bytes"), 90u);
  EXPECT_EQ(Counter("parse_gaps"), 1u);
}

TEST_F(ConnTableTest, ALargeBodyIsCountedFromItsLengths) {
  Open(1);
  Read(1, kGet);
  Give(DataRecord({.time = 10, .direction = Direction::kEgress}, 0,
                  "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", 50043));
  Give(BytesRecord({.time = 20, .direction = Direction::kEgress}, 50043, 50000, "0123456789abcdef",
                   "01234567"));
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_EQ(exchanges()[0].response_body_size, 100000u);
  EXPECT_EQ(ToUint64(exchanges()[0].response_end), 20u);
}

TEST_F(ConnTableTest, AResponseAheadOfItsRequestWaits) {
  Open(1, AF_INET, CLEW_ROLE_ACTIVE);
  Read(1, kOk);
  table_->OnDrained();
  Write(1, kGet);
  ASSERT_EQ(exchanges().size(), 1u);
  const Exchange& exchange = exchanges()[0];
  EXPECT_EQ(exchange.status_code, 200);
  EXPECT_LE(exchange.request_start, exchange.response_start);
  EXPECT_EQ(table_->buffered(), 0u);
  table_->OnDrained();
  EXPECT_EQ(Counter("conn_reordered"), 1u);
  EXPECT_EQ(Counter("parse_orphan_responses"), 0u);
}

TEST_F(ConnTableTest, EverythingBehindAHeldResponseWaitsWithIt) {
  Open(1, AF_INET, CLEW_ROLE_ACTIVE);
  Read(1, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  Read(1, "some");
  Lose(1, Direction::kIngress, 90);
  Read(1, "thing.");
  Give(HeaderRecord({.time = ++time_}, CLEW_EVENT_EOF));
  EXPECT_GT(table_->buffered(), 0u);
  Write(1, kGet);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_FALSE(exchanges()[0].incomplete);
  EXPECT_EQ(exchanges()[0].response_body_size, 100u);
}

TEST_F(ConnTableTest, AResponseIsAnOrphanAfterTwoDrains) {
  Open(1, AF_INET, CLEW_ROLE_ACTIVE);
  Read(1, kOk);
  table_->OnDrained();
  table_->OnDrained();
  EXPECT_EQ(Counter("parse_orphan_responses"), 1u);
  EXPECT_EQ(table_->buffered(), 0u);
  Write(1, kGet);
  Read(1, kOk);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_LT(exchanges()[0].request_start, exchanges()[0].response_start);
}

TEST_F(ConnTableTest, AHeldResponseIsNotTheAnswerToTheRequestAfterALostOne) {
  Open(1, AF_INET, CLEW_ROLE_ACTIVE);
  Write(1, kGet);
  Read(1, kOk);
  Lose(1, Direction::kEgress, kGet.size());
  Read(1, kOk);
  Write(1, kGet);
  Read(1, kOk);
  ASSERT_EQ(exchanges().size(), 2u);
  EXPECT_LT(exchanges()[1].request_start, exchanges()[1].response_start);
  table_->OnDrained();
  EXPECT_EQ(Counter("parse_orphan_responses"), 1u);
}

TEST_F(ConnTableTest, ACloseWaitsForTheLastData) {
  Open(1);
  Read(1, kGet);
  Close(1);
  Write(1, kOk);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_FALSE(exchanges()[0].incomplete);
  table_->OnDrained();
  EXPECT_EQ(table_->connections(), 1u);
  table_->OnDrained();
  EXPECT_EQ(table_->connections(), 0u);
  EXPECT_EQ(Counter("conn_closed"), 1u);
}

TEST_F(ConnTableTest, ABodyUntilCloseIsWholeAtTheClose) {
  Open(1);
  Read(1, "GET /a HTTP/1.0\r\n\r\n");
  Write(1, "HTTP/1.0 200 OK\r\n\r\nbody");
  EXPECT_TRUE(exchanges().empty());
  Close(1);
  table_->OnDrained();
  table_->OnDrained();
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_FALSE(exchanges()[0].incomplete);
  EXPECT_EQ(exchanges()[0].response_body_size, 4u);
}

TEST_F(ConnTableTest, ARequestWithoutAnswerIsIncompleteAtTheClose) {
  Open(1);
  Read(1, kGet);
  Close(1);
  table_->OnDrained();
  table_->OnDrained();
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_TRUE(exchanges()[0].incomplete);
  EXPECT_EQ(exchanges()[0].status_code, 0);
}

TEST_F(ConnTableTest, ForeignProtocolsAreIgnoredCheaply) {
  Open(1);
  Write(1, "220 mail.example ESMTP\r\n");
  Read(1, "EHLO client\r\n");
  for (int i = 0; i < 100; ++i) Read(1, kGet);
  Write(1, kOk);
  EXPECT_TRUE(exchanges().empty());
  EXPECT_EQ(table_->buffered(), 0u);
  table_->OnDrained();
  EXPECT_EQ(Counter("conn_unrecognized"), 1u);
  EXPECT_GT(Counter("conn_ignored_bytes"), 100 * kGet.size());
}

TEST_F(ConnTableTest, AConnectionOlderThanTheAgentMayBeginAmidABody) {
  Give(OpenRecord({.conn = 1, .time = 1}, AF_INET, CLEW_ROLE_UNKNOWN));
  for (int i = 0; i < 1000; ++i) Write(1, "rest of a large body");
  Read(1, kGet);
  Write(1, kOk);
  EXPECT_EQ(exchanges().size(), 1u);
}

TEST_F(ConnTableTest, IdleConnectionsExpireByTheTimeOfRecords) {
  Open(1, AF_UNIX, CLEW_ROLE_UNKNOWN);
  Read(1, kGet);
  Open(2, AF_INET);
  Read(2, kGet);
  time_ += 301'000'000'000;
  Open(3);
  table_->OnDrained();
  EXPECT_EQ(table_->connections(), 2u);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_EQ(exchanges()[0].conn.id, 1u);
  EXPECT_TRUE(exchanges()[0].incomplete);
  time_ += 3'500'000'000'000;
  Open(4);
  table_->OnDrained();
  EXPECT_EQ(table_->connections(), 2u);  // 3 and 4; 2 is over an hour old
  EXPECT_EQ(Counter("conn_expired"), 2u);
}

TEST_F(ConnTableTest, TheClockLetsTimePassWithoutRecords) {
  KernelNanos now = KernelNanosFrom(0);
  Make({.clock = [&now]() { return now; }});
  Open(1, AF_UNIX, CLEW_ROLE_UNKNOWN);
  now = KernelNanosFrom(301'000'000'000);
  table_->OnDrained();
  EXPECT_EQ(table_->connections(), 0u);
}

TEST_F(ConnTableTest, AnAnswerOfUnknownLengthComesOutWhenItIsQuiet) {
  KernelNanos now = KernelNanosFrom(0);
  Make({.clock = [&now]() { return now; }});
  Open(1);
  Read(1, kGet);
  Give(DataRecord({.time = ++time_, .direction = Direction::kEgress}, 0, "HTTP/1.1 200 OK\r\nServ",
                  5000));
  table_->OnDrained();
  EXPECT_TRUE(exchanges().empty());
  now = KernelNanosFrom(2'000'000'000);
  table_->OnDrained();
  EXPECT_EQ(exchanges().size(), 1u);
}

TEST_F(ConnTableTest, ConnectionsEndWithTheirProcess) {
  Open(1, AF_UNIX, CLEW_ROLE_UNKNOWN);
  Read(1, kGet);
  Open(2, AF_UNIX, CLEW_ROLE_UNKNOWN);
  tgid_ = 200;
  Read(2, kGet);
  Give(ProcRecord({.time = ++time_, .tgid = 100}, CLEW_PROC_EXIT));
  for (int i = 0; i < 3; ++i) table_->OnDrained();
  EXPECT_EQ(table_->connections(), 1u);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_EQ(exchanges()[0].conn.id, 1u);
  EXPECT_EQ(Counter("conn_exited"), 1u);
}

TEST_F(ConnTableTest, ASocketThatAnotherProcessUsesOutlivesTheExit) {
  Open(1, AF_UNIX, CLEW_ROLE_UNKNOWN);
  Read(1, kGet);
  Give(ProcRecord({.time = ++time_, .tgid = 100}, CLEW_PROC_EXIT));
  table_->OnDrained();
  tgid_ = 200;
  Write(1, kOk);
  for (int i = 0; i < 3; ++i) table_->OnDrained();
  EXPECT_EQ(table_->connections(), 1u);
  EXPECT_EQ(exchanges().size(), 1u);
}

TEST_F(ConnTableTest, ProcessRecordsArePassedOn) {
  Give(ProcRecord({.tgid = 42}, CLEW_PROC_EXEC));
  ASSERT_EQ(processes_.all.size(), 1u);
  EXPECT_EQ(processes_.all[0].h.tgid, 42u);
  EXPECT_EQ(processes_.all[0].what, CLEW_PROC_EXEC);
}

TEST_F(ConnTableTest, TheOldestConnectionMakesRoom) {
  Make({.max_connections = 2});
  Open(1);
  Read(1, kGet);
  Open(2, AF_UNIX, CLEW_ROLE_UNKNOWN);
  Read(2, kGet);
  Write(1, kOk);
  Open(3);
  EXPECT_EQ(table_->connections(), 2u);
  ASSERT_EQ(exchanges().size(), 2u);
  EXPECT_EQ(exchanges()[1].conn.id, 2u);
  EXPECT_TRUE(exchanges()[1].incomplete);
  table_->OnDrained();
  EXPECT_EQ(Counter("conn_evicted"), 1u);
}

TEST_F(ConnTableTest, BufferedBytesAreBoundedInTotal) {
  Make({.max_buffered = 100'000});
  for (std::uint64_t conn = 1; conn <= 100; ++conn) {
    Open(conn);
    Read(conn, "GET / HTTP/1.1\r\nX: " + std::string(3000, 'x'));
    EXPECT_LE(table_->buffered(), 100'000u);
  }
  table_->OnDrained();
  EXPECT_GT(Counter("conn_over_buffer_limit"), 50u);
  Read(1, "\r\n\r\n");
  Write(1, kOk);
  EXPECT_EQ(exchanges().size(), 1u);
}

TEST_F(ConnTableTest, BufferedBytesAreBoundedPerConnection) {
  Make({.max_buffered_per_connection = 10'000});
  Open(1, AF_INET, CLEW_ROLE_ACTIVE);
  Read(1, kOk);
  for (int i = 0; i < 10; ++i) Read(1, std::string(3000, 'x'));
  EXPECT_LE(table_->buffered(), 10'000u);
  table_->OnDrained();
  EXPECT_EQ(Counter("conn_over_buffer_limit"), 1u);
}

TEST_F(ConnTableTest, ASocketThatConnectsAgainIsANewConnection) {
  Open(1, AF_INET, CLEW_ROLE_ACTIVE);
  Write(1, kGet);
  Close(1);
  offsets_.clear();
  Open(1, AF_INET, CLEW_ROLE_ACTIVE);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_TRUE(exchanges()[0].incomplete);
  Write(1, kGet);
  Read(1, kOk);
  for (int i = 0; i < 3; ++i) table_->OnDrained();
  ASSERT_EQ(exchanges().size(), 2u);
  EXPECT_EQ(exchanges()[1].request_number, 0u);
  EXPECT_EQ(table_->connections(), 1u);
  EXPECT_EQ(Counter("conn_duplicate_bytes"), 0u);
}

TEST_F(ConnTableTest, BytesBeforeTheFirstRecordOfAnOlderConnectionAreNoLoss) {
  Open(1, AF_INET, CLEW_ROLE_UNKNOWN);
  Lose(1, Direction::kIngress, 5000);
  Lose(1, Direction::kEgress, 7000);
  Read(1, kGet);
  Write(1, kOk);
  EXPECT_EQ(exchanges().size(), 1u);
  Open(2, AF_INET, CLEW_ROLE_PASSIVE);
  Lose(2, Direction::kIngress, 10);
  Read(2, kGet);
  table_->OnDrained();
  EXPECT_EQ(Counter("conn_gap_bytes"), 10u);
}

TEST_F(ConnTableTest, FlushBringsOutWhatIsOpen) {
  Open(1);
  Read(1, kGet);
  Open(2);
  table_->Flush();
  EXPECT_EQ(table_->connections(), 0u);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_TRUE(exchanges()[0].incomplete);
}

TEST_F(ConnTableTest, DamagedRecordsAreCounted) {
  Give(DataRecord({}, 0, "hello").substr(0, 100));
  Give(HeaderRecord({}, 99));
  Give(HeaderRecord({.direction = static_cast<Direction>(7)}, CLEW_EVENT_EOF));
  Give(DataRecord({.time = ~std::uint64_t{0}}, 0, "hello"));
  Give(HeaderRecord({}, CLEW_EVENT_CONN_OPEN));
  Give(HeaderRecord({}, CLEW_EVENT_HANDBACK));
  table_->OnDrained();
  EXPECT_EQ(Counter("conn_malformed_records"), 6u);
  EXPECT_EQ(table_->connections(), 0u);
}

TEST_F(ConnTableTest, AnUpgradedConnectionIsIgnoredAfterItsSpan) {
  Open(1);
  Read(1, "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  Write(1, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
  Read(1, kGet);
  Write(1, kOk);
  ASSERT_EQ(exchanges().size(), 1u);
  EXPECT_TRUE(exchanges()[0].upgraded);
}

}  // namespace
}  // namespace clew::conn
