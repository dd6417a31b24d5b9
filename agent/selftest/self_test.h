// The harmlessness self-test: does a socket that lives under the injection policy still answer
// system calls as an untouched one does? Asked at start, on connections of this process to itself
// over 127.0.0.1, never on anybody else's.
//
// A socket in a SOCKHASH may answer differently although nothing is inserted, and what differs
// depends on the kernel's version: nothing can be taken for granted from a list of versions. What
// answers differently is not used.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/selftest/injection_under_test.h"
#include "agent/selftest/socket_calls.h"

namespace clew::selftest {

// What a wrong answer endangers.
enum class Concern {
  kFionread,  // readers that size their reads by FIONREAD
  kReading,   // splice, MSG_PEEK, MSG_WAITALL, timeouts
  kEvents,    // epoll
  kClosing,   // half-close, end of stream, reset
  kBlocking,  // threads that wait in recv()
  kLatency,   // requests of clients that do not set TCP_NODELAY
  kBytes,     // what arrives
};

struct Answer {
  std::string name;  // of the question: "fionread", "latency_40k"; stable, for logs, metrics and
                     // `tracectl doctor`
  Concern concern = Concern::kBytes;
  bool passed = false;
  std::string detail;  // why not; empty when passed
  std::chrono::nanoseconds took{};
};

// What the agent does about an answer that differs, other than not to inject.
struct Policy {
  // Sockets of processes that use FIONREAD leave the map before a response can arrive, so its
  // answer does not matter.
  bool fionread_users_leave_early = false;
};

struct SelfTestReport {
  std::vector<Answer> answers;  // in the order of asking
  int requests = 0;             // heads sent over sockets under test
  int headers_seen = 0;         // of them, how many arrived with a `traceparent` line
  std::uint64_t inserted = 0;   // how many the policy says it inserted
  std::chrono::nanoseconds took{};

  // Whether every question of this concern was asked and passed.
  bool Ok(Concern concern) const;
  // Whether injection may run under this policy: nothing failed that the policy does not deal with.
  bool Harmless(const Policy& policy) const;
  // The answers that differ, "name: detail; ..."; empty when all passed.
  std::string Differences() const;
};

struct SelfTestOptions {
  std::size_t echo_size = 100'000'000;  // bytes
  // For one asking; a question is asked up to three times.
  std::chrono::milliseconds question_limit{1000};
  std::chrono::milliseconds echo_limit{4000};  // the same for "echo"
  // What has not been asked by then counts as not passed.
  std::chrono::milliseconds total_limit{10'000};
  std::vector<std::string> only;  // names of the questions to ask; empty: all
};

// Asks all questions one after the other; about 1 s when all is well, never more than about
// `total_limit`. Never fails: a question that could not be asked is an answer that did not pass. An
// `only` that names no question gives a report without answers, which is not Harmless(). All
// signals of the calling thread are held back meanwhile.
SelfTestReport RunSelfTest(InjectionUnderTest& injection, const SelfTestOptions& options = {});
// The same with other system calls at the client ends under test: for tests of the questions.
SelfTestReport RunSelfTest(InjectionUnderTest& injection, const SelfTestOptions& options,
                           SocketCalls& calls);

}  // namespace clew::selftest
