#include "agent/process/listening_ports.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/process/fake_proc.h"

namespace clew::process {
namespace {

constexpr char kTable[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
    "4711 1 0 100 0\n"
    "   1: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
    "4712 1 0 100 0\n"
    "   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 "
    "4713 1 0 100 0\n"
    "   3: broken\n";

TEST(ListeningPorts, OnlyListenersOnTheWantedPortsCount) {
  const auto found = ParseListeners(kTable, {8080});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.at(4711), 8080);
  EXPECT_TRUE(ParseListeners("", {80}).empty());
}

TEST(ListeningPorts, EveryHolderOfTheSocketInTheNamespaceIsFound) {
  const FakeProc proc;
  for (const std::uint32_t tgid : {10u, 11u, 12u}) {
    proc.Put({.tgid = tgid, .exe = "/usr/sbin/nginx", .netns = tgid == 12 ? "net:[2]" : "net:[1]"});
    proc.Write(std::to_string(tgid) + "/net/tcp", tgid == 12 ? "" : kTable);
    proc.Link(std::to_string(tgid) + "/fd/3",
              "socket:[4711]");  // the same number in another namespace is another socket
    proc.Link(std::to_string(tgid) + "/fd/0", "/dev/null");
  }
  const auto found = FindListeners(ProcFs(proc.root()), {10, 11, 12, 99}, {8080});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found.at(10), std::vector<std::uint16_t>{8080});
  EXPECT_EQ(found.count(11), 1u);
}

}  // namespace
}  // namespace clew::process
