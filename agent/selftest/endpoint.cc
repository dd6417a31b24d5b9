#include "agent/selftest/endpoint.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace clew::selftest {
namespace {

constexpr std::size_t kBuffer = std::size_t{256} * 1024;

bool WouldBlock(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Endpoint::Endpoint(SocketCalls& calls, Attempt& attempt, int fd, std::string name)
    : calls_(calls), attempt_(attempt), fd_(fd), name_(std::move(name)), buffer_(kBuffer) {}

std::size_t Endpoint::Taken(const char* call, ssize_t result) {
  if (result >= 0) return static_cast<std::size_t>(result);
  if (!WouldBlock(errno)) {
    // kCorrupt: on a connection of our own there is no reason for a send to fail.
    attempt_.Wrong(name_ + ": " + ErrnoError(call, "", errno).message);
  }
  return 0;
}

std::size_t Endpoint::TrySend(std::string_view bytes, int flags) {
  if (!attempt_.ok()) return 0;
  const ssize_t n =
      calls_.Send(fd_, bytes.data(), bytes.size(), flags | MSG_DONTWAIT | MSG_NOSIGNAL);
  return Taken("send", n);
}

void Endpoint::Send(std::string_view bytes, int flags) {
  while (attempt_.ok() && !bytes.empty()) {
    const std::size_t n = TrySend(bytes, flags);
    bytes.remove_prefix(std::min(n, bytes.size()));
    if (n == 0) Await(POLLOUT, "room to send");
  }
}

ssize_t Endpoint::Receive(std::size_t limit) {
  return calls_.Recv(fd_, buffer_.data(), std::min(limit, buffer_.size()), MSG_DONTWAIT);
}

bool Endpoint::TryRead(WireCheck& check, std::size_t limit) {
  if (!attempt_.ok() || check.complete()) return false;
  const ssize_t n = Receive(std::min(limit, check.wanted()));
  if (n > 0) {
    if (!check.Feed({buffer_.data(), static_cast<std::size_t>(n)})) {
      attempt_.Wrong(name_ + ": " + check.problem());
    }
    return true;
  }
  if (n == 0) {
    attempt_.Wrong(name_ + ": end of stream with " + std::to_string(check.wanted()) +
                   " bytes missing");
  } else if (!WouldBlock(errno)) {
    attempt_.Wrong(name_ + ": " + ErrnoError("recv", "", errno).message);
  }
  return false;
}

void Endpoint::Read(WireCheck& check) {
  while (attempt_.ok() && !check.complete()) {
    if (!TryRead(check, buffer_.size())) Await(POLLIN, "bytes to read");
  }
}

void Endpoint::Read(std::string_view expected) {
  WireCheck check;
  check.ExpectBytes(expected);
  Read(check);
}

void Endpoint::ReadEnd() {
  while (attempt_.ok()) {
    const ssize_t n = Receive(1);
    if (n == 0) return;
    if (n > 0) return attempt_.Wrong(name_ + ": more bytes than were sent");
    if (!WouldBlock(errno)) {
      return attempt_.Wrong(name_ + ": " + ErrnoError("recv at the end", "", errno).message);
    }
    Await(POLLIN | POLLRDHUP, "the end of the stream");
  }
}

void Endpoint::Await(short events, const char* what) {
  if (!attempt_.ok()) return;
  pollfd ready{fd_, events, 0};
  const auto left = attempt_.Left().count();
  // Also when poll() says "ready" and the call behind it does not: the time runs out for that loop
  // too.
  if (left == 0 || ::poll(&ready, 1, static_cast<int>(left)) == 0) {
    attempt_.TooLate(name_ + ": no " + what + " within " +
                     std::to_string(attempt_.limit().count()) + " ms");
  }
}

void Endpoint::Finish() {
  if (attempt_.ok() && calls_.Shutdown(fd_, SHUT_WR) != 0) {
    attempt_.Wrong(name_ + ": " + ErrnoError("shutdown", "", errno).message);
  }
}

void Endpoint::SetNonBlocking() {
  if (!attempt_.ok()) return;
  const int flags = ::fcntl(fd_, F_GETFL);
  if (flags < 0 || ::fcntl(fd_, F_SETFL, flags | O_NONBLOCK) != 0) {
    attempt_.Fail(ErrnoError("fcntl", "O_NONBLOCK", errno));
  }
}

void Endpoint::SetOption(int level, int option, int value) {
  if (attempt_.ok() && ::setsockopt(fd_, level, option, &value, sizeof value) != 0) {
    attempt_.Fail(ErrnoError("setsockopt", std::to_string(option), errno));
  }
}

void Pump(Endpoint& from, std::size_t total, const std::function<std::size_t(std::size_t)>& send,
          Endpoint& to, WireCheck& check, Reader reader) {
  Attempt& attempt = from.attempt();
  std::size_t done = 0;
  while (attempt.ok() && (done < total || !check.complete())) {
    const std::size_t taken = done < total ? send(done) : 0;
    done += taken;
    const bool read = reader == Reader::kAlways || taken == 0;
    const bool arrived = read && to.TryRead(check, kBuffer);
    if (check.complete() && done < total) {
      attempt.Wrong(from.name() + ": " + std::to_string(total) +
                    " bytes arrived, counted as taken: " + std::to_string(done));
    }
    if (taken > 0 || arrived || !attempt.ok()) continue;
    pollfd ready[2] = {{from.fd(), static_cast<short>(done < total ? POLLOUT : 0), 0},
                       {to.fd(), POLLIN, 0}};
    const auto left = attempt.Left().count();
    if (left == 0 || ::poll(ready, 2, static_cast<int>(left)) == 0) {
      attempt.TooLate(to.name() + ": " + std::to_string(check.matched()) + " of " +
                      std::to_string(total) + " bytes arrived within " +
                      std::to_string(attempt.limit().count()) + " ms");
    }
  }
}

void Pump(Endpoint& from, std::string_view bytes, Endpoint& to, WireCheck& check) {
  Pump(
      from, bytes.size(), [&](std::size_t done) { return from.TrySend(bytes.substr(done)); }, to,
      check, Reader::kAlways);
}

}  // namespace clew::selftest
