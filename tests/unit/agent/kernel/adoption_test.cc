// On this process's own sockets: what adoption finds and fetches.
#include "agent/kernel/adoption.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace clew::kernel {
namespace {

struct Pair {
  Fd listener, client, server;
  std::uint16_t port = 0;
};

Pair Connect() {
  Pair pair;
  pair.listener = Fd(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(pair.listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(pair.listener.get(), 1), 0);
  EXPECT_EQ(getsockname(pair.listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  pair.port = ntohs(address.sin_port);
  pair.client = Fd(socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(connect(pair.client.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  pair.server = Fd(accept(pair.listener.get(), nullptr, nullptr));
  return pair;
}

std::uint64_t Inode(int fd) {
  struct stat status {};
  EXPECT_EQ(fstat(fd, &status), 0);
  return status.st_ino;
}

TEST(Adoption, FindsBothEndsAndTellsWhichConnected) {
  const Pair pair = Connect();
  int clients = 0, servers = 0;
  for (const TcpDescriptor& socket : FindTcpSockets(static_cast<std::uint32_t>(getpid()), {})) {
    clients += socket.client && socket.inode == Inode(pair.client.get()) ? 1 : 0;
    servers += !socket.client && socket.inode == Inode(pair.server.get()) ? 1 : 0;
  }
  EXPECT_EQ(clients, 1);
  EXPECT_EQ(servers, 1);
}

TEST(Adoption, LeavesOutPortsThatAreNotHttp) {
  const Pair pair = Connect();
  for (const TcpDescriptor& socket : FindTcpSockets(static_cast<std::uint32_t>(getpid()), {pair.port})) {
    EXPECT_NE(socket.inode, Inode(pair.client.get()));
  }
}

TEST(Adoption, AConnectionIsIdleAfterItsReplyAndBusyBefore) {
  const Pair pair = Connect();
  const auto say = [](const Fd& from, const Fd& to, const char* text) {
    char buffer[16];
    ASSERT_EQ(send(from.get(), text, 4, 0), 4);
    ASSERT_EQ(recv(to.get(), buffer, 4, MSG_WAITALL), 4);
    usleep(20'000);  // the kernel tells the order by milliseconds
  };
  say(pair.client, pair.server, "ping");
  EXPECT_FALSE(LooksIdle(pair.client.get()));
  say(pair.server, pair.client, "pong");
  EXPECT_TRUE(LooksIdle(pair.client.get()));
}

TEST(Adoption, FetchesASocketOnlyIfItIsTheOneMeant) {
  const Pair pair = Connect();
  const std::uint32_t self = static_cast<std::uint32_t>(getpid());
  const Fd copy = OpenForeignSocket(self, pair.client.get(), Inode(pair.client.get()));
  if (!copy.valid() && std::getenv("REQUIRE_BPF") == nullptr) GTEST_SKIP() << "pidfd_getfd is not permitted here";
  ASSERT_TRUE(copy.valid());
  EXPECT_EQ(Inode(copy.get()), Inode(pair.client.get()));
  EXPECT_FALSE(OpenForeignSocket(self, pair.client.get(), Inode(pair.server.get())).valid());
}

}  // namespace
}  // namespace clew::kernel
