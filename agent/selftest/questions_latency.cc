#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "agent/selftest/questions.h"
#include "base/fd.h"

namespace clew::selftest {
namespace {

using Millis = std::chrono::duration<double, std::milli>;

// A held-back last piece waits for the peer's delayed ACK, 40 ms; an untouched request takes 0.05
// to 0.5 ms.
constexpr Millis kLimit(5);
// ... but a loaded machine makes both slower.
constexpr double kTimesUntouched = 3;
// The first rounds see the quick ACKs of a new connection, which hide the delay.
constexpr int kWarmUp = 2;
constexpr int kSamples = 8;
constexpr int kSamplesAtLeast = 4;
constexpr std::size_t kResponse = 100;  // bytes of body

// How long the calling thread has waited for a processor in its life, by the kernel's account.
class RunQueue {
 public:
  RunQueue() : file_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}
  // Always 0 where the kernel keeps no such account.
  std::chrono::nanoseconds Waited() const {
    char text[128] = {};  // "{ns on a processor} {ns waiting for one} {times}"
    if (::pread(file_.get(), text, sizeof text - 1, 0) <= 0) return {};
    unsigned long long on = 0;
    unsigned long long waiting = 0;
    if (std::sscanf(text, "%llu %llu", &on, &waiting) != 2) return {};
    return std::chrono::nanoseconds(waiting);
  }

 private:
  Fd file_;
};

using Sender =
    std::function<void(Endpoint& client, const std::string& head, const std::string& body)>;

// Without the time that this thread waited for a processor: a busy machine is not harm.
Millis RoundTrip(Connection& c, std::size_t body_size, const Sender& send,
                 const RunQueue& run_queue) {
  const std::string head = RequestHead("latency", body_size);
  const std::string body = Pattern(0, body_size);
  const auto began = Attempt::Clock::now();
  const auto waited_before = run_queue.Waited();
  if (send) {  // small enough for the send buffer: nobody has to read meanwhile
    WireCheck check;
    check.ExpectRequest(head + body);
    send(c.client(), head, body);
    c.peer().Read(check);
    c.Count(check);
  } else {
    c.Request(head + body);
  }
  c.Respond(kResponse);
  return Attempt::Clock::now() - began - (run_queue.Waited() - waited_before);
}

// The third slowest of eight: two may be the scheduler's fault, a stall in three of eight is not.
Millis UpperQuartile(std::vector<Millis>& samples) {
  std::sort(samples.begin(), samples.end());
  return samples[samples.size() - 1 - samples.size() / 4];
}

// Rounds on a socket under test and on an untouched one take turns, so that both see the same load.
void AskLatency(Trial& trial, std::size_t body_size, const Sender& send = nullptr) {
  Connection tested(trial);
  Connection untouched(trial, Connection::Kind::kUntouched);
  const RunQueue run_queue;
  std::vector<Millis> tested_times;
  std::vector<Millis> untouched_times;
  for (int round = 0; trial.attempt.ok() && round < kWarmUp + kSamples; ++round) {
    const Millis tested_time = RoundTrip(tested, body_size, send, run_queue);
    const Millis untouched_time = RoundTrip(untouched, body_size, send, run_queue);
    if (round < kWarmUp) continue;
    tested_times.push_back(tested_time);
    untouched_times.push_back(untouched_time);
    // A harmed socket must not use up the time and be called "too late".
    const bool enough = tested_times.size() >= kSamplesAtLeast;
    if (enough && trial.attempt.Left() < trial.attempt.limit() / 3) break;
  }
  if (!trial.attempt.ok()) return;
  const Millis here = UpperQuartile(tested_times);
  const Millis there = UpperQuartile(untouched_times);
  if (here >= std::max(kLimit, kTimesUntouched * there)) {
    // Not Wrong(): under load this can happen to any socket, so it is asked again.
    trial.attempt.TooLate("request and response take " + std::to_string(here.count()) +
                          " ms, over an untouched socket " + std::to_string(there.count()) + " ms");
  }
}

}  // namespace

void AskLatency1K(Trial& trial) { AskLatency(trial, 1000); }
void AskLatency40K(Trial& trial) { AskLatency(trial, 40'000); }
void AskLatency200K(Trial& trial) { AskLatency(trial, 200'000); }

void AskLatencyMore(Trial& trial) {
  AskLatency(trial, 3000, [](Endpoint& client, const std::string& head, const std::string& body) {
    client.Send(head, MSG_MORE);
    client.Send(body);
  });
}

void AskLatencyCork(Trial& trial) {
  AskLatency(trial, 3000, [](Endpoint& client, const std::string& head, const std::string& body) {
    client.SetOption(IPPROTO_TCP, TCP_CORK, 1);
    client.Send(head);
    client.Send(body);
    client.SetOption(IPPROTO_TCP, TCP_CORK, 0);
  });
}

}  // namespace clew::selftest
