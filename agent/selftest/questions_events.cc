#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <string>

#include "agent/selftest/questions.h"
#include "base/fd.h"

namespace clew::selftest {
namespace {

using std::chrono::milliseconds;

// An epoll instance that watches the client end.
class Watch {
 public:
  Watch(Endpoint& end, std::uint32_t events) : end_(end), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{};
    event.events = events;
    if (!epoll_.valid() || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, end.fd(), &event) != 0) {
      end_.attempt().Fail(ErrnoError("epoll_ctl", "", errno));
    }
  }
  // The events of one epoll_wait(); 0 when none came.
  std::uint32_t Next(milliseconds timeout) {
    if (!end_.attempt().ok()) return 0;
    epoll_event event{};
    const int n =
        end_.calls().EpollWait(epoll_.get(), &event, 1, static_cast<int>(timeout.count()));
    return n == 1 ? event.events : 0;
  }
  void Expect(const char* when) {
    if (!(Next(end_.attempt().Left()) & EPOLLIN)) {
      end_.attempt().TooLate(std::string("no edge-triggered event ") + when);
    }
  }
  void ExpectNone(const char* when) {
    if (Next(milliseconds(3)) != 0) {
      end_.attempt().Wrong(std::string("a spurious edge-triggered event ") + when);
    }
  }

 private:
  Endpoint& end_;
  Fd epoll_;
};

}  // namespace

void AskEdgeTriggered(Trial& trial) {
  Connection c(trial);
  Watch watch(c.client(), EPOLLIN | EPOLLET);
  for (int round = 0; round < 2; ++round) {
    c.Request();
    watch.ExpectNone("after the request");
    const std::string response = Response(1000);
    const std::string_view bytes(response);
    c.peer().Send(bytes.substr(0, 400));
    watch.Expect("for the first bytes");
    c.client().Read(bytes.substr(0, 100));
    watch.ExpectNone("after a partial read");
    c.peer().Send(bytes.substr(400));
    watch.Expect("for bytes behind unread ones");
    c.client().Read(bytes.substr(100));
    watch.ExpectNone("after reading everything");
  }
}

void AskPeerFin(Trial& trial) {
  Connection c(trial);
  Watch watch(c.client(), EPOLLIN | EPOLLRDHUP);
  c.Request();
  const std::string response = Response(1000);
  c.peer().Send(response);
  c.peer().Finish();
  std::uint32_t seen = 0;
  while (trial.attempt.ok() && !(seen & EPOLLRDHUP)) {
    seen = watch.Next(trial.attempt.Left());
    if (trial.attempt.Left().count() == 0)
      trial.attempt.TooLate("no EPOLLRDHUP for the peer's FIN");
    if (seen == EPOLLIN) Pause(trial.attempt, milliseconds(1));
  }
  c.client().Read(response);
  c.client().ReadEnd();
}

void AskHalfClose(Trial& trial) {
  Connection c(trial);
  c.Request(RequestHead("half-close", 20000) + Pattern(0, 20000));
  c.client().Finish();
  c.peer().ReadEnd();
  c.Respond(20000);
  c.peer().Finish();
  c.client().ReadEnd();
}

void AskEndOfStream(Trial& trial) {
  Connection c(trial);
  c.Request(RequestHead("close", 0, "Connection: close\r\n"));
  const std::string response = Response(1000);
  c.peer().Send(response);
  c.ClosePeer();
  c.client().Read(response);
  c.client().ReadEnd();
  c.client().ReadEnd();
}

void AskResetOnUnread(Trial& trial) {
  Connection c(trial);
  c.Request();
  const std::string response = Response(1000);
  c.peer().Send(response);
  c.client().Read(std::string_view(response).substr(0, 10));
  c.client().Await(POLLIN, "unread bytes");
  if (!trial.attempt.ok()) return;
  c.CloseClient();
  while (trial.attempt.ok()) {
    c.peer().Await(POLLIN | POLLRDHUP, "reset after close() with unread bytes");
    char byte;
    if (::recv(c.peer().fd(), &byte, 1, MSG_DONTWAIT) >= 0) {
      trial.attempt.Wrong("close() with unread bytes ended the stream in good order");
    } else if (errno == ECONNRESET) {
      return;
    }
  }
}

}  // namespace clew::selftest
