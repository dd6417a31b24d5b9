#include "agent/selftest/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <string>
#include <utility>

#include "base/log.h"

namespace clew::selftest {

SocketPair Connection::Open(Attempt& attempt) {
  auto pair = ConnectPair(attempt.limit());
  if (!pair) {
    attempt.Fail(pair.error());
    return {};
  }
  // The peer stands for any server; without this its own Nagle delays would blur what is measured
  // at the client.
  const int on = 1;
  if (::setsockopt(pair->peer.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    attempt.Fail(ErrnoError("setsockopt", "TCP_NODELAY", errno));
  }
  return std::move(*pair);
}

Connection::Connection(Trial& trial, Kind kind)
    : trial_(trial),
      injection_(kind == Kind::kUnderTest ? trial.injection : nullptr),
      pair_(Open(trial.attempt)),
      client_(kind == Kind::kUnderTest ? trial.calls : kernel_, trial.attempt, pair_.client.get(),
              "client"),
      peer_(kernel_, trial.attempt, pair_.peer.get(), "peer") {
  Enter();
  if (kind == Kind::kUntouched && trial.injection && trial.attempt.ok() &&
      trial.injection->IsIn(pair_.client.get())) {
    trial.attempt.Fail({Code::kInternal, "the policy has taken a socket that nobody put under it"});
  }
}

Connection::~Connection() {
  if (!pair_.client.valid()) return;
  if (Status left = Leave(); !left) {
    // Not harm: closing the socket takes it out as well.
    LOG_DEBUG("self-test: leave", {"error", left.error().message});
  }
}

void Connection::Enter() {
  if (!injection_ || !trial_.attempt.ok()) return;
  if (Status entered = injection_->Enter(pair_.client.get()); !entered) {
    // Whatever its code: this says nothing about what a socket under the policy answers.
    trial_.attempt.Fail({Code::kInternal, "enter: " + entered.error().message});
  } else if (!injection_->IsIn(pair_.client.get())) {
    trial_.attempt.Fail({Code::kInternal, "enter: the socket is not under the policy"});
  }
}

Status Connection::Leave() { return injection_ ? injection_->Leave(pair_.client.get()) : Status(); }

void Connection::Request(std::string_view request) {
  WireCheck check;
  check.ExpectRequest(request);
  Pump(client_, request, peer_, check);
  Count(check);
}

void Connection::Request() { Request(RequestHead("hello", 0)); }

void Connection::Respond(std::size_t body_size) {
  const std::string response = Response(body_size);
  WireCheck check;
  check.ExpectBytes(response);
  Pump(peer_, response, client_, check);
}

void Connection::Count(const WireCheck& check) {
  if (!injection_) return;
  trial_.tally.requests += check.requests();
  trial_.tally.headers_seen += check.headers_seen();
}

PeerThread::PeerThread(Connection& connection, std::function<void(Endpoint&)> script)
    : parent_(connection.peer().attempt()),
      attempt_(parent_.Left()),
      endpoint_(kernel_, attempt_, connection.peer().fd(), "peer"),
      thread_([this, script = std::move(script)] {
        try {
          script(endpoint_);
        } catch (const std::exception& e) {  // out of memory: must not end the process
          attempt_.Fail({Code::kInternal, std::string("peer: ") + e.what()});
        }
      }) {}

PeerThread::~PeerThread() {
  thread_.join();
  if (!attempt_.ok()) parent_.Fail(attempt_.status().error());
}

void Pause(const Attempt& attempt, std::chrono::milliseconds time) {
  std::this_thread::sleep_for(std::min(time, attempt.Left()));
}

}  // namespace clew::selftest
