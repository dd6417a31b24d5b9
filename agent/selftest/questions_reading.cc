#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>

#include "agent/selftest/questions.h"
#include "base/fd.h"

namespace clew::selftest {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBody =
    3000;  // bytes: more than one segment of an Ethernet, less than any receive buffer

// FIONREAD's answer; -1 after the attempt has failed.
int Queued(Endpoint& end) {
  int bytes = -1;
  if (end.attempt().ok() && end.calls().BytesQueued(end.fd(), &bytes) != 0) {
    end.attempt().Wrong(ErrnoError("ioctl", "FIONREAD", errno).message);
  }
  return bytes;
}

// Sends, and waits until the other side's kernel has acknowledged everything: it is in the receive
// queue then.
void SendAndArrive(Endpoint& end, std::string_view bytes) {
  end.Send(bytes);
  while (end.attempt().ok()) {
    int unacknowledged = 0;
    if (::ioctl(end.fd(), SIOCOUTQ, &unacknowledged) != 0) {
      return end.attempt().Fail(ErrnoError("ioctl", "SIOCOUTQ", errno));
    }
    if (unacknowledged == 0) return;
    if (end.attempt().Left().count() == 0) return end.attempt().TooLate("no acknowledgement");
    Pause(end.attempt(), milliseconds(1));
  }
}

void ExpectQueued(Endpoint& end, std::size_t expected) {
  const int queued = Queued(end);
  if (end.attempt().ok() && queued != static_cast<int>(expected)) {
    end.attempt().Wrong("FIONREAD says " + std::to_string(queued) + " with " +
                        std::to_string(expected) + " bytes queued");
  }
}

// A recv() that must answer EAGAIN. Returns how long it took.
milliseconds ExpectAgain(Endpoint& end, int flags) {
  const auto began = Attempt::Clock::now();
  char byte;
  const ssize_t n = end.attempt().ok() ? end.calls().Recv(end.fd(), &byte, 1, flags) : -1;
  const int error = errno;
  const auto took = std::chrono::duration_cast<milliseconds>(Attempt::Clock::now() - began);
  if (!end.attempt().ok()) return took;
  if (n >= 0) {
    end.attempt().Wrong("recv on an empty queue returned " + std::to_string(n));
  } else if (error != EAGAIN) {
    end.attempt().Wrong(ErrnoError("recv", "on an empty queue", error).message);
  }
  return took;
}

}  // namespace

void AskFionread(Trial& trial) {
  Connection c(trial);
  c.Request();
  ExpectQueued(c.client(), 0);
  const std::string response = Response(kBody);
  SendAndArrive(c.peer(), response);
  ExpectQueued(c.client(), response.size());
  c.client().Read(std::string_view(response).substr(0, 1000));
  ExpectQueued(c.client(), response.size() - 1000);
  c.client().Read(std::string_view(response).substr(1000));
  ExpectQueued(c.client(), 0);
}

void AskSplice(Trial& trial) {
  Connection c(trial);
  c.client().SetNonBlocking();  // SPLICE_F_NONBLOCK is about the pipe
  c.Request();
  const std::string response = Response(kBody);
  c.peer().Send(response);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return trial.attempt.Fail(ErrnoError("pipe2", "", errno));
  }
  const Fd out(ends[0]);
  const Fd in(ends[1]);
  WireCheck check;
  check.ExpectBytes(response);
  std::string buffer(response.size(), '\0');
  while (trial.attempt.ok() && !check.complete()) {
    c.client().Await(POLLIN, "bytes that splice() finds");
    const ssize_t n = c.client().calls().SpliceToPipe(c.client().fd(), in.get(), check.wanted());
    if (n < 0 && errno != EAGAIN) {
      trial.attempt.Wrong(ErrnoError("splice", "from the socket", errno).message);
    } else if (n == 0) {
      trial.attempt.Wrong("splice: end of stream with bytes missing");
    } else if (n > 0) {
      const ssize_t got = ::read(out.get(), buffer.data(), static_cast<std::size_t>(n));
      if (got != n || !check.Feed({buffer.data(), static_cast<std::size_t>(n)})) {
        trial.attempt.Wrong("splice: " + check.problem());
      }
    } else {
      Pause(trial.attempt, milliseconds(1));
    }
  }
}

void AskPeek(Trial& trial) {
  Connection c(trial);
  c.Request();
  const std::string response = Response(kBody);
  SendAndArrive(c.peer(), response);
  Endpoint& client = c.client();
  for (const std::size_t size : {std::size_t{100}, response.size()}) {
    if (!trial.attempt.ok()) return;
    std::string seen(size, '\0');
    const ssize_t n = client.calls().Recv(client.fd(), seen.data(), size, MSG_PEEK | MSG_DONTWAIT);
    if (n != static_cast<ssize_t>(size) || seen != response.substr(0, size)) {
      trial.attempt.Wrong("MSG_PEEK does not show the first " + std::to_string(size) + " bytes");
    }
  }
  client.Read(response);
  c.peer().Finish();
  client.ReadEnd();  // each byte once, although it was looked at
}

void AskWaitAll(Trial& trial) {
  Connection c(trial);
  c.Request();
  const std::string response = Response(kBody);
  std::string got(response.size(), '\0');
  ssize_t n = 0;
  {
    PeerThread peer(c, [&](Endpoint& end) {
      end.Send(std::string_view(response).substr(0, 1000));
      Pause(end.attempt(), milliseconds(5));  // until the client waits for the rest
      end.Send(std::string_view(response).substr(1000));
    });
    if (trial.attempt.ok()) {
      n = c.client().calls().Recv(c.client().fd(), got.data(), got.size(), MSG_WAITALL);
    }
  }
  if (n != static_cast<ssize_t>(response.size()) || got != response) {
    trial.attempt.Wrong("recv(MSG_WAITALL) returned " + std::to_string(n) + " of " +
                        std::to_string(response.size()) + " bytes");
  }
}

void AskDontWait(Trial& trial) {
  Connection c(trial);
  c.Request();
  ExpectAgain(c.client(), MSG_DONTWAIT);
  c.Respond(kBody);
  ExpectAgain(c.client(), MSG_DONTWAIT);
}

void AskReceiveTimeout(Trial& trial) {
  Connection c(trial);
  c.Request();
  constexpr milliseconds kTimeout(24);
  const timeval tv{0, std::chrono::microseconds(kTimeout).count()};
  if (::setsockopt(c.client().fd(), SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) != 0) {
    return trial.attempt.Fail(ErrnoError("setsockopt", "SO_RCVTIMEO", errno));
  }
  const milliseconds took = ExpectAgain(c.client(), 0);
  // The kernel counts in ticks of up to 10 ms.
  if (took < kTimeout - milliseconds(10)) {
    trial.attempt.Wrong("recv with SO_RCVTIMEO of " + std::to_string(kTimeout.count()) +
                        " ms gave up after " + std::to_string(took.count()) + " ms");
  }
  c.Respond(kBody);
}

}  // namespace clew::selftest
