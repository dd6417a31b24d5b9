#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include "agent/selftest/questions.h"
#include "base/fd.h"

namespace clew::selftest {
namespace {

using std::chrono::milliseconds;

// Nothing may follow what was checked: a byte that was sent twice would.
void ExpectNothingMore(Connection& c) {
  c.client().Finish();
  c.peer().ReadEnd();
}

// An unnamed file of `content`.
Fd MemoryFile(Attempt& attempt, std::string_view content) {
  Fd file(::memfd_create("clew-self-test", MFD_CLOEXEC));
  if (!file.valid()) {
    attempt.Fail(ErrnoError("memfd_create", "", errno));
  } else if (::write(file.get(), content.data(), content.size()) !=
             static_cast<ssize_t>(content.size())) {
    attempt.Fail(ErrnoError("write", "memory file", errno));
  }
  return file;
}

// `bytes` from `done` on as at most IOV_MAX pieces of 1 to 97 bytes.
std::vector<iovec> Pieces(std::string_view bytes, std::size_t done) {
  constexpr std::size_t kMaxPieces = 1024;  // IOV_MAX
  std::vector<iovec> pieces;
  while (done < bytes.size() && pieces.size() < kMaxPieces) {
    const std::size_t size = std::min(bytes.size() - done, 1 + done * 7 % 97);
    pieces.push_back({const_cast<char*>(bytes.data() + done), size});
    done += size;
  }
  return pieces;
}

}  // namespace

void AskPipelined(Trial& trial) {
  Connection c(trial);
  WireCheck check;
  std::string burst;
  for (const std::size_t body : {0, 700, 0, 5000, 0}) {
    const std::string request = RequestHead("pipelined", body) + Pattern(0, body);
    check.ExpectRequest(request);
    burst += request;
  }
  Pump(c.client(), burst, c.peer(), check);
  c.Count(check);
  // Some more, each by a send of its own, before any answer.
  for (int i = 0; i < 3; ++i) c.Request();
  for (int i = 0; i < 8; ++i) c.Respond(100);
  ExpectNothingMore(c);
}

void AskSplitHead(Trial& trial) {
  Connection c(trial);
  c.client().SetOption(IPPROTO_TCP, TCP_NODELAY, 1);  // else Nagle's algorithm costs 40 ms a cut
  const std::string request = RequestHead("split", 500) + Pattern(0, 500);
  const std::size_t line_end = request.find("\r\n");
  const std::size_t head_end = request.find("\r\n\r\n");
  for (const std::size_t cut :
       {std::size_t{2}, line_end + 1, line_end + 2, line_end + 8, head_end + 3, head_end + 4}) {
    WireCheck check;
    check.ExpectRequest(request);
    const std::string_view bytes(request);
    c.client().Send(bytes.substr(0, cut));
    // Let the first part leave by itself. A policy may also hold it until the second has come.
    for (int i = 0; i < 3 && check.matched() < cut; ++i) {
      if (!c.peer().TryRead(check, cut)) Pause(trial.attempt, milliseconds(1));
    }
    c.client().Send(bytes.substr(cut));
    c.peer().Read(check);
    c.Count(check);
    c.Respond(100);
  }
  ExpectNothingMore(c);
}

void AskSendfile(Trial& trial) {
  constexpr std::size_t kBody = 300'000;
  Connection c(trial);
  c.client().SetNonBlocking();
  const std::string body = Pattern(0, kBody);
  const Fd file = MemoryFile(trial.attempt, body);
  for (int round = 0; round < 2; ++round) {
    const std::string head = RequestHead("sendfile", kBody);
    WireCheck check;
    check.ExpectRequest(head + body);
    c.client().Send(head);
    Pump(
        c.client(), kBody,
        [&](std::size_t done) {
          auto offset = static_cast<off_t>(done);
          Endpoint& client = c.client();
          return client.Taken(
              "sendfile", client.calls().Sendfile(client.fd(), file.get(), &offset, kBody - done));
        },
        c.peer(), check, Reader::kAlways);
    c.Count(check);
    c.Respond(100);
  }
  ExpectNothingMore(c);
}

void AskWritev(Trial& trial) {
  Connection c(trial);
  c.client().SetNonBlocking();
  for (const std::size_t body : {200, 60'000}) {
    const std::string request = RequestHead("writev", body) + Pattern(0, body);
    WireCheck check;
    check.ExpectRequest(request);
    Pump(
        c.client(), request.size(),
        [&](std::size_t done) {
          const std::vector<iovec> pieces = Pieces(request, done);
          Endpoint& client = c.client();
          return client.Taken("writev", client.calls().Writev(client.fd(), pieces.data(),
                                                              static_cast<int>(pieces.size())));
        },
        c.peer(), check, Reader::kAlways);
    c.Count(check);
    c.Respond(100);
  }
  ExpectNothingMore(c);
}

namespace {

// A connection whose send buffer takes a few KB, and a peer that reads only when it is full.
class TightConnection {
 public:
  explicit TightConnection(Trial& trial) : connection_(trial) {
    constexpr int kSendBuffer = 4096;
    connection_.client().SetOption(SOL_SOCKET, SO_SNDBUF, kSendBuffer);
  }
  Connection& get() { return connection_; }
  // How many calls took a part of what they were given, or nothing.
  int short_counts() const { return short_counts_; }

  // Sends `bytes`, with no send() across one of `ends`.
  void Send(std::string_view bytes, const std::vector<std::size_t>& ends, WireCheck& check) {
    const auto send = [&](std::size_t done) {
      // Such a buffer waits for each acknowledgement; a delayed one costs 40 ms. The kernel forgets
      // this option.
      connection_.peer().SetOption(IPPROTO_TCP, TCP_QUICKACK, 1);
      const std::size_t end = *std::upper_bound(ends.begin(), ends.end(), done);
      const std::size_t n = connection_.client().TrySend(bytes.substr(done, end - done));
      short_counts_ += n < end - done;
      return n;
    };
    Pump(connection_.client(), bytes.size(), send, connection_.peer(), check, Reader::kWhenFull);
    connection_.Count(check);
  }

 private:
  Connection connection_;
  int short_counts_ = 0;
};

// Nobody answers these requests, and each is small enough for an insertion: their heads meet the
// send buffer with any number of bytes in it.
void SendManySmallRequests(Trial& trial) {
  TightConnection c(trial);
  WireCheck check;
  std::string burst;
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < 1000; ++i) {
    const std::string filler = "X-Filler: " + std::string(i * 37 % 200, 'x') + "\r\n";
    const std::string request = RequestHead("partial", 0, filler);
    check.ExpectRequest(request);
    burst += request;
    ends.push_back(burst.size());
  }
  c.Send(burst, ends, check);
  ExpectNothingMore(c.get());
}

// The kernel takes up to 64 KB at once, however small the buffer: these are much larger.
void SendLargeRequests(Trial& trial) {
  TightConnection c(trial);
  const std::string request = RequestHead("partial", 200'000) + Pattern(0, 200'000);
  for (int round = 0; round < 3; ++round) {
    WireCheck check;
    check.ExpectRequest(request);
    c.Send(request, {request.size()}, check);
    c.get().Respond(100);
  }
  ExpectNothingMore(c.get());
  if (trial.attempt.ok() && c.short_counts() == 0) {
    trial.attempt.Fail({Code::kUnsupported, "the send buffer takes any number of bytes"});
  }
}

}  // namespace

// A count that includes inserted bytes, or forgets some, shows as bytes that arrive twice or never.
void AskPartialSends(Trial& trial) {
  SendManySmallRequests(trial);
  SendLargeRequests(trial);
}

}  // namespace clew::selftest
