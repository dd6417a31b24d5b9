// Sockets that are harmed on purpose: each harm makes exactly the questions fail that are about it.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "agent/selftest/self_test.h"
#include "cookie.h"
#include "plain_injection.h"

namespace clew::selftest {
namespace {

using Names = std::set<std::string>;

int Again() {
  errno = EAGAIN;
  return -1;
}

template <typename T>
T Option(int fd, int level, int name) {
  T value{};
  socklen_t length = sizeof value;
  ::getsockopt(fd, level, name, &value, &length);
  return value;
}

Names Failing(const SelfTestReport& report) {
  Names names;
  for (const Answer& answer : report.answers) {
    if (!answer.passed) names.insert(answer.name);
  }
  return names;
}

SelfTestReport Ask(SocketCalls& calls, InjectionUnderTest&& injection = PlainInjection()) {
  SelfTestOptions options;
  options.echo_size = 20'000'000;
  return RunSelfTest(injection, options, calls);
}

class FionreadZero : public SocketCalls {
  int BytesQueued(int, int* bytes) override {
    *bytes = 0;
    return 0;
  }
};
TEST(Harm, FionreadAnswersZero) {
  FionreadZero calls;
  const SelfTestReport report = Ask(calls);
  EXPECT_EQ(Failing(report), Names{"fionread"}) << report.Differences();
  EXPECT_TRUE(report.Harmless({.fionread_users_leave_early = true}));
}

class SpliceFindsNothing : public SocketCalls {
  ssize_t SpliceToPipe(int, int, std::size_t) override { return Again(); }
};
TEST(Harm, SpliceFindsNothing) {
  SpliceFindsNothing calls;
  EXPECT_EQ(Failing(Ask(calls)), Names{"splice"});
}

class RecvFlagLost : public SocketCalls {
 public:
  explicit RecvFlagLost(int flag) : flag_(flag) {}
  ssize_t Recv(int fd, void* data, std::size_t size, int flags) override {
    return SocketCalls::Recv(fd, data, size, flags & ~flag_);
  }

 private:
  int flag_;
};
TEST(Harm, PeekConsumes) {
  RecvFlagLost calls(MSG_PEEK);
  EXPECT_EQ(Failing(Ask(calls)), Names{"peek"});
}
TEST(Harm, WaitAllDoesNotWait) {
  RecvFlagLost calls(MSG_WAITALL);
  EXPECT_EQ(Failing(Ask(calls)), Names{"wait_all"});
}

class InterruptsInsteadOfAgain : public SocketCalls {
  ssize_t Recv(int fd, void* data, std::size_t size, int flags) override {
    const ssize_t n = SocketCalls::Recv(fd, data, size, flags);
    if (n < 0 && errno == EAGAIN && (flags & MSG_DONTWAIT)) errno = EINTR;
    return n;
  }
};
TEST(Harm, AnEmptyQueueAnswersAnotherError) {
  InterruptsInsteadOfAgain calls;
  EXPECT_EQ(Failing(Ask(calls)), Names{"dont_wait"});
}

class ShortTimeoutsIgnored : public SocketCalls {
  ssize_t Recv(int fd, void* data, std::size_t size, int flags) override {
    const auto timeout = Option<timeval>(fd, SOL_SOCKET, SO_RCVTIMEO);
    if (!(flags & MSG_DONTWAIT) && timeout.tv_sec == 0 && timeout.tv_usec < 50'000) return Again();
    return SocketCalls::Recv(fd, data, size, flags);
  }
};
TEST(Harm, ReceiveTimeoutEndsAtOnce) {
  ShortTimeoutsIgnored calls;
  EXPECT_EQ(Failing(Ask(calls)), Names{"receive_timeout"});
}

// What a SOCKHASH does: the wake-up for room in the send buffer ends a recv() that waits.
class AgainAfterFullSendBuffer : public SocketCalls {
  ssize_t Send(int fd, const void* data, std::size_t size, int flags) override {
    const ssize_t n = SocketCalls::Send(fd, data, size, flags);
    const bool waited = !(flags & MSG_DONTWAIT) && size > 1'000'000;
    if (n != static_cast<ssize_t>(size) || waited) filled_.insert(Cookie(fd));
    return n;
  }
  ssize_t Recv(int fd, void* data, std::size_t size, int flags) override {
    if (!(flags & MSG_DONTWAIT) && filled_.erase(Cookie(fd))) return Again();
    return SocketCalls::Recv(fd, data, size, flags);
  }
  std::set<std::uint64_t> filled_;
};
TEST(Harm, BlockingRecvAnswersAgainAfterAFullSendBuffer) {
  AgainAfterFullSendBuffer calls;
  const SelfTestReport report = Ask(calls);
  EXPECT_EQ(Failing(report), (Names{"blocking_recv_early", "blocking_recv_upload"}));
  EXPECT_FALSE(report.Ok(Concern::kBlocking));
  EXPECT_FALSE(report.Harmless({.fionread_users_leave_early = true}));
}

class ReaderLostWhenLeaving : public PlainInjection {
  Status Leave(int fd) override {
    ::shutdown(fd, SHUT_RDWR);
    return PlainInjection::Leave(fd);
  }
};
TEST(Harm, LeavingDisturbsABlockedReader) {
  SocketCalls calls;
  EXPECT_EQ(Failing(Ask(calls, ReaderLostWhenLeaving())), Names{"leave_while_blocked"});
}
class CannotLeave : public PlainInjection {
  Status Leave(int) override { return Error{Code::kInternal, "stuck"}; }
};
TEST(Harm, LeavingFails) {
  SocketCalls calls;
  EXPECT_EQ(Failing(Ask(calls, CannotLeave())), Names{"leave_while_blocked"});
}

// The last piece waits for a delayed ACK.
class SlowSends : public SocketCalls {
 public:
  using Slow = bool (*)(std::size_t size, int flags);
  explicit SlowSends(Slow slow) : slow_(slow) {}
  ssize_t Send(int fd, const void* data, std::size_t size, int flags) override {
    if (slow_(size, flags)) std::this_thread::sleep_for(std::chrono::milliseconds(40));
    return SocketCalls::Send(fd, data, size, flags);
  }

 private:
  Slow slow_;
};
TEST(Harm, LargeRequestsAreDelayed) {
  SlowSends calls([](std::size_t size, int) { return size > 32'768 && size < 250'000; });
  const SelfTestReport report = Ask(calls);
  EXPECT_EQ(Failing(report), (Names{"latency_40k", "latency_200k"})) << report.Differences();
  EXPECT_FALSE(report.Ok(Concern::kLatency));
}
TEST(Harm, HeadsThatAreHeldBackAreDelayed) {
  SlowSends calls([](std::size_t, int flags) { return (flags & MSG_MORE) != 0; });
  EXPECT_EQ(Failing(Ask(calls)), Names{"latency_more"});
}
TEST(Harm, SmallRequestsAreDelayed) {
  SlowSends calls([](std::size_t size, int) { return size > 1000 && size < 2000; });
  const SelfTestReport report = Ask(calls);
  EXPECT_EQ(Failing(report), Names{"latency_1k"}) << report.Differences();
}

class EventsChanged : public SocketCalls {
 public:
  // Gets what epoll_wait() returned, returns what it shall return.
  using Change = int (*)(int n, epoll_event& event);
  explicit EventsChanged(Change change) : change_(change) {}
  int EpollWait(int epoll, epoll_event* events, int max_events, int timeout_ms) override {
    return change_(SocketCalls::EpollWait(epoll, events, max_events, timeout_ms), events[0]);
  }

 private:
  Change change_;
};
TEST(Harm, EdgeTriggeredEventsWithoutACause) {
  EventsChanged calls([](int, epoll_event& event) {
    event.events |= EPOLLIN | EPOLLRDHUP;
    return 1;
  });
  EXPECT_EQ(Failing(Ask(calls)), Names{"edge_triggered"});
}
TEST(Harm, EventsThatNeverCome) {
  EventsChanged calls([](int, epoll_event&) { return 0; });
  EXPECT_EQ(Failing(Ask(calls)), (Names{"edge_triggered", "peer_fin"}));
}
TEST(Harm, ThePeersFinIsNotTold) {
  EventsChanged calls([](int n, epoll_event& event) {
    event.events &= ~EPOLLRDHUP;
    return n;
  });
  EXPECT_EQ(Failing(Ask(calls)), Names{"peer_fin"});
}

class HalfCloseIsWhole : public SocketCalls {
  int Shutdown(int fd, int how) override {
    closed_.insert(Cookie(fd));
    return SocketCalls::Shutdown(fd, how);
  }
  ssize_t Recv(int fd, void* data, std::size_t size, int flags) override {
    if (closed_.contains(Cookie(fd))) return 0;
    return SocketCalls::Recv(fd, data, size, flags);
  }
  std::set<std::uint64_t> closed_;
};
TEST(Harm, NothingArrivesAfterHalfClose) {
  HalfCloseIsWhole calls;
  EXPECT_EQ(Failing(Ask(calls)), Names{"half_close"});
}

class EndOnlyOnce : public SocketCalls {
  ssize_t Recv(int fd, void* data, std::size_t size, int flags) override {
    const ssize_t n = SocketCalls::Recv(fd, data, size, flags);
    if (n == 0 && !ended_.insert(Cookie(fd)).second) return Again();
    return n;
  }
  std::set<std::uint64_t> ended_;
};
TEST(Harm, EndOfStreamIsToldOnlyOnce) {
  EndOnlyOnce calls;
  EXPECT_EQ(Failing(Ask(calls)), Names{"end_of_stream"});
}

class OneByteChangedAfterTenMegabytes : public SocketCalls {
  ssize_t Send(int fd, const void* data, std::size_t size, int flags) override {
    std::string copy(static_cast<const char*>(data), size);
    std::size_t& sent = sent_[Cookie(fd)];
    if (sent > 10'000'000) copy[0] ^= 1;
    const ssize_t n = SocketCalls::Send(fd, copy.data(), size, flags);
    if (n > 0) sent += static_cast<std::size_t>(n);
    return n;
  }
  std::map<std::uint64_t, std::size_t> sent_;
};
TEST(Harm, OneByteOfManyIsChanged) {
  OneByteChangedAfterTenMegabytes calls;
  const SelfTestReport report = Ask(calls);
  EXPECT_EQ(Failing(report), Names{"echo"});
  EXPECT_FALSE(report.Ok(Concern::kBytes));
}

class PiecesSwapped : public SocketCalls {
  ssize_t Writev(int fd, const iovec* parts, int count) override {
    std::vector<iovec> swapped(parts, parts + count);
    if (count > 20) std::swap(swapped[18], swapped[20]);
    return SocketCalls::Writev(fd, swapped.data(), count);
  }
};
TEST(Harm, PiecesOfAWritevAreSwapped) {
  PiecesSwapped calls;
  EXPECT_EQ(Failing(Ask(calls)), Names{"writev"});
}

class SendfileSkipsAByte : public SocketCalls {
  ssize_t Sendfile(int fd, int file, off_t* offset, std::size_t size) override {
    ++*offset;
    return SocketCalls::Sendfile(fd, file, offset, size - 1);
  }
};
TEST(Harm, SendfileSendsOtherBytes) {
  SendfileSkipsAByte calls;
  EXPECT_EQ(Failing(Ask(calls)), Names{"sendfile"});
}

// What an insertion into a full send buffer does: the count falls short by the inserted bytes, and
// the application sends so many of its own twice.
class ShortCounts : public SocketCalls {
  ssize_t Send(int fd, const void* data, std::size_t size, int flags) override {
    const ssize_t n = SocketCalls::Send(fd, data, size, flags);
    const bool small_buffer = Option<int>(fd, SOL_SOCKET, SO_SNDBUF) < 16'384;
    return small_buffer && n > 70 && n < static_cast<ssize_t>(size) ? n - 70 : n;
  }
};
TEST(Harm, CountsFallShortWhenTheSendBufferIsFull) {
  ShortCounts calls;
  EXPECT_EQ(Failing(Ask(calls)), Names{"partial_sends"});
}

// Inserts `header` behind the first line of each request that one send() holds from its beginning.
class Inserting : public SocketCalls {
 public:
  explicit Inserting(std::string header) : header_(std::move(header)) {}
  ssize_t Send(int fd, const void* data, std::size_t size, int flags) override {
    const std::string_view bytes(static_cast<const char*>(data), size);
    const std::size_t end = bytes.find("\r\n");
    if (!(bytes.starts_with("GET /") || bytes.starts_with("POST /")) || end == bytes.npos) {
      return SocketCalls::Send(fd, data, size, flags);
    }
    const std::string line = std::string(bytes.substr(0, end + 2)) + header_;
    if (SocketCalls::Send(fd, line.data(), line.size(), MSG_NOSIGNAL | MSG_MORE) !=
        static_cast<ssize_t>(line.size())) {
      return -1;
    }
    const ssize_t n = SocketCalls::Send(fd, bytes.data() + end + 2, size - end - 2, flags);
    return static_cast<ssize_t>(end + 2) + std::max<ssize_t>(n, 0);
  }

 private:
  std::string header_;
};
TEST(Harm, AnInsertedHeaderIsNone) {
  Inserting calls("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
  const SelfTestReport report = Ask(calls);
  EXPECT_EQ(Failing(report), Names{}) << report.Differences();
  EXPECT_GT(report.headers_seen, 50);
}
TEST(Harm, AnythingElseInsertedIs) {
  Inserting calls("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331\r\n");
  const SelfTestReport report = Ask(calls);
  EXPECT_FALSE(report.Ok(Concern::kBytes));
  EXPECT_FALSE(report.Harmless({.fionread_users_leave_early = true}));
  EXPECT_EQ(report.headers_seen, 0);
}

}  // namespace
}  // namespace clew::selftest
