#include "agent/selftest/socket_pair.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>

namespace clew::selftest {
namespace {

constexpr int kBacklog = 16;  // room for strangers who connect before we do

Result<Fd> NewSocket(int flags) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd.valid()) return ErrnoError("socket", "127.0.0.1", errno);
  return fd;
}

bool LimitCalls(int fd, std::chrono::milliseconds limit) {
  limit = std::max(limit, std::chrono::milliseconds(1));  // 0 would mean no limit
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(limit - seconds);
  const timeval tv{seconds.count(), rest.count()};
  return ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) == 0 &&
         ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv) == 0;
}

}  // namespace

Result<SocketPair> ConnectPair(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  auto listener = NewSocket(SOCK_NONBLOCK);
  if (!listener) return listener.error();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener->get(), raw, sizeof address) != 0 ||
      ::listen(listener->get(), kBacklog) != 0 ||
      ::getsockname(listener->get(), raw, &length) != 0) {
    return ErrnoError("listen on", "127.0.0.1", errno);
  }

  SocketPair pair;
  auto client = NewSocket(0);
  if (!client) return client.error();
  pair.client = std::move(*client);
  // Before connect(): SO_SNDTIMEO bounds that as well.
  if (!LimitCalls(pair.client.get(), limit)) return ErrnoError("setsockopt", "SO_RCVTIMEO", errno);
  if (::connect(pair.client.get(), raw, sizeof address) != 0) {
    return ErrnoError("connect to", "127.0.0.1", errno);
  }
  sockaddr_in own{};
  length = sizeof own;
  if (::getsockname(pair.client.get(), reinterpret_cast<sockaddr*>(&own), &length) != 0) {
    return ErrnoError("getsockname", "127.0.0.1", errno);
  }

  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd ready{listener->get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
      return Error{Code::kUnavailable, "accept 127.0.0.1: our own connection did not arrive"};
    }
    sockaddr_in from{};
    length = sizeof from;
    Fd peer(::accept4(listener->get(), reinterpret_cast<sockaddr*>(&from), &length,
                      SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!peer.valid()) {
      if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) continue;
      return ErrnoError("accept", "127.0.0.1", errno);
    }
    if (from.sin_port != own.sin_port || from.sin_addr.s_addr != own.sin_addr.s_addr) continue;
    if (!LimitCalls(peer.get(), limit)) return ErrnoError("setsockopt", "SO_RCVTIMEO", errno);
    pair.peer = std::move(peer);
    return pair;
  }
}

}  // namespace clew::selftest
