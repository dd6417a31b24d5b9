// One end of a connection, used without ever waiting past the attempt's deadline.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/selftest/attempt.h"
#include "agent/selftest/socket_calls.h"
#include "agent/selftest/wire_check.h"

namespace clew::selftest {

// Every step does nothing once the attempt has failed, and makes it fail when the socket answers
// something else than the step expects. All calls here are non-blocking by flag (MSG_DONTWAIT) and
// wait in poll(): questions about blocking calls make those themselves. `calls`, `attempt` and the
// descriptor must outlive the endpoint.
class Endpoint {
 public:
  // `name` is for messages: "client", "peer".
  Endpoint(SocketCalls& calls, Attempt& attempt, int fd, std::string name);

  int fd() const { return fd_; }
  const std::string& name() const { return name_; }
  SocketCalls& calls() { return calls_; }
  Attempt& attempt() { return attempt_; }

  // Sends all of `bytes`; waits for room.
  void Send(std::string_view bytes, int flags = 0);
  // One send(). Returns how many bytes were taken, 0 when there is no room now.
  std::size_t TrySend(std::string_view bytes, int flags = 0);
  // Interprets what a sending system call returned, errno included, like TrySend.
  std::size_t Taken(const char* call, ssize_t result);

  // Reads until `check` is complete.
  void Read(WireCheck& check);
  // Exactly these bytes.
  void Read(std::string_view expected);
  // One recv() of at most `limit` bytes. False when nothing is there now.
  bool TryRead(WireCheck& check, std::size_t limit);
  // The other side has ended its direction, with no byte before that.
  void ReadEnd();

  // Waits for one of these poll() events. kUnavailable at the deadline, with `what` in the message.
  void Await(short events, const char* what);
  // Shuts the sending direction down.
  void Finish();
  // For the system calls that have no flag for it.
  void SetNonBlocking();
  // setsockopt() of an int.
  void SetOption(int level, int option, int value);

 private:
  ssize_t Receive(std::size_t limit);

  SocketCalls& calls_;
  Attempt& attempt_;
  int fd_;
  std::string name_;
  std::vector<char> buffer_;
};

// When the receiving end reads: in turns with the sending one, or only when that has no room.
enum class Reader { kAlways, kWhenFull };

// Moves `total` bytes from one end to the other on this one thread: `send` is called with the
// number of bytes taken so far and returns how many more were taken (0: no room now), while `to`
// reads into `check`. Both ends belong to the same attempt.
void Pump(Endpoint& from, std::size_t total, const std::function<std::size_t(std::size_t)>& send,
          Endpoint& to, WireCheck& check, Reader reader);
// The same with send(), reading always.
void Pump(Endpoint& from, std::string_view bytes, Endpoint& to, WireCheck& check);

}  // namespace clew::selftest
