// A connection of our own whose client end is under the policy, and the steps that most questions
// share.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <thread>

#include "agent/selftest/attempt.h"
#include "agent/selftest/endpoint.h"
#include "agent/selftest/injection_under_test.h"
#include "agent/selftest/socket_calls.h"
#include "agent/selftest/socket_pair.h"

namespace clew::selftest {

// How many request heads went out over sockets under test, and how many arrived with the header.
struct Tally {
  int requests = 0;
  int headers_seen = 0;
};

// What a question gets to work with.
struct Trial {
  SocketCalls& calls;             // for client ends under test
  InjectionUnderTest* injection;  // null: nothing is put under the policy (the control)
  Attempt& attempt;
  Tally& tally;
  std::size_t echo_size;  // bytes
};

class Connection {
 public:
  enum class Kind { kUnderTest, kUntouched };

  // Connects and, for kUnderTest, enters the policy. On failure the attempt has failed and every
  // step does nothing.
  explicit Connection(Trial& trial, Kind kind = Kind::kUnderTest);
  // Leaves the policy, unless the client end was closed before.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Endpoint& client() { return client_; }
  Endpoint& peer() { return peer_; }

  // The client sends this request (head and body), the peer reads and checks it.
  void Request(std::string_view request);
  // A GET, which the policy may insert its header into.
  void Request();
  // The peer sends Response(body_size), the client reads and checks it.
  void Respond(std::size_t body_size);
  // Adds what arrived in `check` to the tally; for questions that send requests by themselves.
  void Count(const WireCheck& check);

  // Puts the client end under the policy again.
  void Enter();
  // Takes it out; may be called while the client end waits in recv() in another thread.
  Status Leave();

  void CloseClient() { pair_.client.Reset(); }
  void ClosePeer() { pair_.peer.Reset(); }

 private:
  static SocketPair Open(Attempt& attempt);

  Trial& trial_;
  InjectionUnderTest* injection_;
  SocketPair pair_;
  SocketCalls kernel_;
  Endpoint client_;
  Endpoint peer_;
};

// Runs the peer's part of a question in a second thread, while the client waits in a blocking call.
// The script works on an endpoint with an attempt of its own and the same time limit, so the thread
// ends by itself.
class PeerThread {
 public:
  PeerThread(Connection& connection, std::function<void(Endpoint&)> script);
  // Waits for the script's end; what failed in it has then failed in the connection's attempt.
  ~PeerThread();
  PeerThread(const PeerThread&) = delete;
  PeerThread& operator=(const PeerThread&) = delete;

 private:
  Attempt& parent_;
  SocketCalls kernel_;
  Attempt attempt_;
  Endpoint endpoint_;
  std::thread thread_;
};

// Sleeps; no longer than the attempt has time left.
void Pause(const Attempt& attempt, std::chrono::milliseconds time);

}  // namespace clew::selftest
