#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "agent/selftest/questions.h"

namespace clew::selftest {
namespace {

constexpr std::size_t kChunk = std::size_t{256} * 1024;

// The four transfers that take turns on this one thread: client -> peer -> client. Each step
// returns whether it moved anything.
class Echo {
 public:
  Echo(Connection& c, std::size_t size)
      : c_(c),
        size_(size),
        block_(Pattern(0, 16 * kPatternPeriod)),
        in_peer_(kChunk),
        in_client_(kChunk) {}

  void Run() {
    Attempt& attempt = c_.client().attempt();
    while (attempt.ok() && received_ < size_) {
      const bool sent = ClientSends();
      const bool read = PeerReads();
      const bool echoed = PeerSends();
      const bool received = ClientReads();
      if (!sent && !read && !echoed && !received && attempt.ok()) Wait(attempt);
    }
  }

 private:
  bool ClientSends() {
    if (sent_ == size_) return false;
    const std::string_view rest = std::string_view(block_).substr(sent_ % kPatternPeriod);
    const std::size_t n = c_.client().TrySend(rest.substr(0, size_ - sent_));
    sent_ += n;
    return n > 0;
  }
  bool PeerReads() {
    if (echoed_ < held_) return false;
    held_ = echoed_ = 0;
    held_ = Receive(c_.peer(), in_peer_);
    return held_ > 0;
  }
  bool PeerSends() {
    if (echoed_ == held_) return false;
    const std::size_t n = c_.peer().TrySend({in_peer_.data() + echoed_, held_ - echoed_});
    echoed_ += n;
    return n > 0;
  }
  bool ClientReads() {
    const std::size_t n = Receive(c_.client(), in_client_);
    if (n > 0 && (received_ + n > size_ || !IsPattern(received_, {in_client_.data(), n}))) {
      c_.client().attempt().Wrong("wrong bytes after " + std::to_string(received_) + " of " +
                                  std::to_string(size_));
    }
    received_ += n;
    return n > 0;
  }

  static std::size_t Receive(Endpoint& end, std::vector<char>& buffer) {
    if (!end.attempt().ok()) return 0;
    const ssize_t n = end.calls().Recv(end.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n > 0) return static_cast<std::size_t>(n);
    if (n == 0) {
      end.attempt().Wrong(end.name() + ": end of stream in the middle");
    } else if (errno != EAGAIN && errno != EINTR) {
      end.attempt().Wrong(end.name() + ": " + ErrnoError("recv", "", errno).message);
    }
    return 0;
  }

  void Wait(Attempt& attempt) {
    const bool holding = echoed_ < held_;
    const int client_events = sent_ < size_ ? POLLIN | POLLOUT : POLLIN;
    pollfd ready[2] = {{c_.client().fd(), static_cast<short>(client_events), 0},
                       {c_.peer().fd(), static_cast<short>(holding ? POLLOUT : POLLIN), 0}};
    const auto left = attempt.Left().count();
    if (left == 0 || ::poll(ready, 2, static_cast<int>(left)) == 0) {
      attempt.TooLate(std::to_string(received_) + " of " + std::to_string(size_) +
                      " bytes came back within " + std::to_string(attempt.limit().count()) + " ms");
    }
  }

  Connection& c_;
  const std::size_t size_;
  const std::string block_;
  std::vector<char> in_peer_;
  std::vector<char> in_client_;
  std::size_t sent_ = 0;      // by the client
  std::size_t held_ = 0;      // bytes in in_peer_
  std::size_t echoed_ = 0;    // of them sent back
  std::size_t received_ = 0;  // by the client, and checked
};

}  // namespace

void AskEcho(Trial& trial) {
  Connection c(trial);
  c.Request(RequestHead("echo", trial.echo_size));
  Echo(c, trial.echo_size).Run();
  c.client().Finish();
  c.peer().ReadEnd();
  c.peer().Finish();
  c.client().ReadEnd();
}

}  // namespace clew::selftest
