#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <string>

#include "agent/selftest/questions.h"

namespace clew::selftest {
namespace {

using std::chrono::milliseconds;

// The kernel may answer EAGAIN when SO_RCVTIMEO (the attempt's limit, set by ConnectPair) is over.
// Before that it is wrong: programs take it for an error or for the end of the stream.
bool IsTimeout(const Attempt& attempt, Attempt::Clock::time_point began) {
  return Attempt::Clock::now() - began >= attempt.limit() * 9 / 10;
}

// Reads with plain blocking recv() calls, as simple clients do.
void ReadBlocking(Connection& c, std::string_view expected) {
  Endpoint& end = c.client();
  Attempt& attempt = end.attempt();
  std::string buffer(expected.size(), '\0');
  std::size_t got = 0;
  while (attempt.ok() && got < expected.size()) {
    const auto began = Attempt::Clock::now();
    const ssize_t n = end.calls().Recv(end.fd(), buffer.data() + got, buffer.size() - got, 0);
    const int error = errno;
    if (n > 0) {
      got += static_cast<std::size_t>(n);
    } else if (n == 0) {
      attempt.Wrong("blocking recv: end of stream instead of the response");
    } else if ((error == EAGAIN || error == EINTR) && IsTimeout(attempt, began)) {
      attempt.TooLate("blocking recv: nothing within " + std::to_string(attempt.limit().count()) +
                      " ms");
    } else {
      attempt.Wrong(ErrnoError("recv", "on a blocking socket", error).message);
    }
  }
  if (attempt.ok() && buffer != expected) attempt.Wrong("blocking recv: wrong bytes");
}

// Sends everything with plain blocking send() calls.
void SendBlocking(Connection& c, std::string_view bytes) {
  Endpoint& end = c.client();
  Attempt& attempt = end.attempt();
  while (attempt.ok() && !bytes.empty()) {
    const auto began = Attempt::Clock::now();
    const ssize_t n = end.calls().Send(end.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN && IsTimeout(attempt, began)) {
      attempt.TooLate("blocking send: no room within " + std::to_string(attempt.limit().count()) +
                      " ms");
    } else {
      attempt.Wrong(ErrnoError("send", "on a blocking socket", errno).message);
    }
  }
}

// Until the other thread has said that it is about to wait in recv(), and some more, so that it
// does.
void AwaitWaiting(Endpoint& end, const std::atomic<bool>& waiting) {
  while (!waiting && end.attempt().Left().count() > 0) Pause(end.attempt(), milliseconds(1));
  Pause(end.attempt(), milliseconds(5));
}

}  // namespace

// The send buffer is filled until EAGAIN, which makes the kernel wake this thread once there is
// room again: while it waits in recv(), where it must go on sleeping. Real clients come here when a
// server answers before it has read all.
void AskBlockingRecvEarly(Trial& trial) {
  constexpr std::size_t kClaimed = 64 << 20;  // bytes: more than all buffers can hold
  constexpr int kSendBuffer = 64 * 1024;      // so that it is full soon
  const std::string block = Pattern(0, 16 * kPatternPeriod);
  for (int round = 0; round < 2 && trial.attempt.ok(); ++round) {
    Connection c(trial);
    c.client().SetOption(SOL_SOCKET, SO_SNDBUF, kSendBuffer);
    const std::string head = RequestHead("early", kClaimed);
    c.Request(head);
    std::size_t sent = 0;
    while (trial.attempt.ok() && sent < kClaimed) {
      const std::size_t n =
          c.client().TrySend(std::string_view(block).substr(sent % kPatternPeriod));
      if (n == 0) break;
      sent += n;
    }
    if (sent >= kClaimed) {
      trial.attempt.Fail({Code::kUnsupported, "the send buffer takes any number of bytes"});
    }
    const std::string response = Response(100);
    WireCheck check;
    check.ExpectBytes(Pattern(0, sent));
    std::atomic<bool> waiting = false;
    PeerThread peer(c, [&](Endpoint& end) {
      AwaitWaiting(end, waiting);
      end.Read(check);
      Pause(end.attempt(), milliseconds(3));
      end.Send(response);
    });
    waiting = true;
    ReadBlocking(c, response);
  }
}

// The same by the way that harm was first seen: the last bytes of a body are still in the send
// buffer when the client begins to wait.
void AskBlockingRecvUpload(Trial& trial) {
  constexpr std::size_t kBody = 2 << 20;
  constexpr std::size_t kHeldBack = 128 << 10;
  Connection c(trial);
  const std::string request = RequestHead("upload", kBody) + Pattern(0, kBody);
  const std::string response = Response(100);
  for (int round = 0; round < 3 && trial.attempt.ok(); ++round) {
    std::atomic<bool> all_sent = false;
    WireCheck check;
    check.ExpectRequest(request);
    {
      PeerThread peer(c, [&](Endpoint& end) {
        while (end.attempt().ok() && check.wanted() > kHeldBack) {
          const bool arrived = end.TryRead(check, check.wanted() - kHeldBack);
          if (!arrived) Pause(end.attempt(), milliseconds(1));
        }
        // What is held back fits the send buffer, but need not: the kernel may have sized it
        // smaller.
        for (int i = 0; i < 20 && !all_sent; ++i) Pause(end.attempt(), milliseconds(1));
        Pause(end.attempt(), milliseconds(2));
        end.Read(check);
        Pause(end.attempt(), milliseconds(2));
        end.Send(response);
      });
      SendBlocking(c, request);
      all_sent = true;
      ReadBlocking(c, response);
    }
    c.Count(check);
  }
}

void AskLeaveWhileBlocked(Trial& trial) {
  Connection c(trial);
  const std::string response = Response(1000);
  c.Request();
  {
    std::atomic<bool> waiting = false;
    PeerThread peer(c, [&](Endpoint& end) {
      AwaitWaiting(end, waiting);
      if (Status left = c.Leave(); !left) {
        end.attempt().Fail({Code::kInternal, "leave: " + left.error().message});
      }
      Pause(end.attempt(), milliseconds(2));
      end.Send(response);
    });
    waiting = true;
    ReadBlocking(c, response);
  }
  c.Request();
  c.Respond(1000);
  c.Enter();
  c.Request();
  c.Respond(1000);
}

}  // namespace clew::selftest
