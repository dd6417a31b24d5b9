#include "agent/kernel/socket_table.h"

#include <gtest/gtest.h>

namespace clew::kernel {
namespace {

constexpr char kTable[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0000000000000000 100 0 0 10 0\n"
    "   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 101 1 0000000000000000 20 4 30 10 -1\n"
    "   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0000000000000000 20 4 30 10 -1\n"
    "   3: 0100007F:C351 0100007F:1F90 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0000000000000000\n";

TEST(SocketTable, TellsTheConnectingSideFromTheAcceptingOne) {
  SocketTable table;
  ParseSocketTable(kTable, table);
  EXPECT_EQ(table.listening, std::set<std::uint16_t>{8080});
  EXPECT_FALSE(table.IsClient(101));  // its local port is listened on
  EXPECT_TRUE(table.IsClient(102));
  EXPECT_FALSE(table.IsClient(100));
  EXPECT_FALSE(table.IsClient(0));  // TIME_WAIT
  EXPECT_EQ(table.established.at(102).remote_port, 8080);
}

TEST(SocketTable, ReadsIpv6Addresses) {
  SocketTable table;
  ParseSocketTable("   0: 00000000000000000000000001000000:9C40 00000000000000000000000001000000:0050 01 0:0 0:0 0 0 0 7 1\n", table);
  EXPECT_TRUE(table.IsClient(7));
  EXPECT_EQ(table.established.at(7).remote_port, 80);
}

TEST(SocketTable, LeavesMalformedLinesOut) {
  SocketTable table;
  ParseSocketTable("0: nonsense\n\n 1: 0100007F:XXXX 0:0 01 0 0 0 0 0 5\n 2: a b c d e f g h i j\n 3: 0100007F:1F90", table);
  EXPECT_TRUE(table.listening.empty());
  EXPECT_TRUE(table.established.empty());
}

}  // namespace
}  // namespace clew::kernel
