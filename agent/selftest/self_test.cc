#include "agent/selftest/self_test.h"

#include <algorithm>
#include <exception>

#include "agent/selftest/attempt.h"
#include "agent/selftest/questions.h"
#include "agent/selftest/signals_blocked.h"

namespace clew::selftest {
namespace {

using std::chrono::milliseconds;

struct Question {
  const char* name;
  Concern concern;
  void (*ask)(Trial&);
};

constexpr Question kQuestions[] = {
    {"fionread", Concern::kFionread, AskFionread},
    {"splice", Concern::kReading, AskSplice},
    {"peek", Concern::kReading, AskPeek},
    {"wait_all", Concern::kReading, AskWaitAll},
    {"dont_wait", Concern::kReading, AskDontWait},
    {"receive_timeout", Concern::kReading, AskReceiveTimeout},
    {"edge_triggered", Concern::kEvents, AskEdgeTriggered},
    {"peer_fin", Concern::kEvents, AskPeerFin},
    {"half_close", Concern::kClosing, AskHalfClose},
    {"end_of_stream", Concern::kClosing, AskEndOfStream},
    {"reset_on_unread", Concern::kClosing, AskResetOnUnread},
    {"blocking_recv_early", Concern::kBlocking, AskBlockingRecvEarly},
    {"blocking_recv_upload", Concern::kBlocking, AskBlockingRecvUpload},
    {"leave_while_blocked", Concern::kBlocking, AskLeaveWhileBlocked},
    {"latency_1k", Concern::kLatency, AskLatency1K},
    {"latency_40k", Concern::kLatency, AskLatency40K},
    {"latency_200k", Concern::kLatency, AskLatency200K},
    {"latency_more", Concern::kLatency, AskLatencyMore},
    {"latency_cork", Concern::kLatency, AskLatencyCork},
    {"pipelined", Concern::kBytes, AskPipelined},
    {"split_head", Concern::kBytes, AskSplitHead},
    {"sendfile", Concern::kBytes, AskSendfile},
    {"writev", Concern::kBytes, AskWritev},
    {"partial_sends", Concern::kBytes, AskPartialSends},
    {"echo", Concern::kBytes, AskEcho},
};

// "Nothing came in time" is harm or a loaded machine. Only a socket that stays late while an
// untouched one is in time is harmed; when both are late, that proves nothing and another try may.
constexpr int kTries = 3;
constexpr int kTriesWhenUntouchedIsInTime = 2;

class SelfTest {
 public:
  SelfTest(InjectionUnderTest& injection, const SelfTestOptions& options, SocketCalls& calls)
      : injection_(injection),
        options_(options),
        calls_(calls),
        deadline_(Attempt::Clock::now() + options.total_limit) {}

  SelfTestReport Run() {
    const auto began = Attempt::Clock::now();
    const std::uint64_t inserted_before = injection_.inserted();
    SelfTestReport report;
    for (const Question& question : kQuestions) {
      const auto& only = options_.only;
      if (only.empty() || std::find(only.begin(), only.end(), question.name) != only.end()) {
        report.answers.push_back(Ask(question));
      }
    }
    report.requests = tally_.requests;
    report.headers_seen = tally_.headers_seen;
    report.inserted = injection_.inserted() - inserted_before;
    report.took = Attempt::Clock::now() - began;
    return report;
  }

 private:
  Answer Ask(const Question& question) {
    const auto began = Attempt::Clock::now();
    Answer answer{question.name, question.concern, false, "", {}};
    for (int tried = 0; tried < kTries && !answer.passed && TimeLeft().count() > 0; ++tried) {
      const Status tested = Try(question, calls_, &injection_);
      if (tested) {
        answer.passed = true;
        answer.detail.clear();
        break;
      }
      SocketCalls kernel;
      const Status untouched = Try(question, kernel, nullptr);
      answer.detail = tested.error().message;
      if (!untouched) answer.detail += " (untouched: " + untouched.error().message + ")";
      if (tested.error().code != Code::kUnavailable) break;
      if (untouched && tried + 1 >= kTriesWhenUntouchedIsInTime) break;
    }
    if (!answer.passed && answer.detail.empty()) answer.detail = "not asked: no time left";
    answer.took = Attempt::Clock::now() - began;
    return answer;
  }

  Status Try(const Question& question, SocketCalls& calls, InjectionUnderTest* injection) {
    const milliseconds limit =
        question.ask == AskEcho ? options_.echo_limit : options_.question_limit;
    Attempt attempt(std::min(limit, TimeLeft()));
    Trial trial{calls, injection, attempt, tally_, options_.echo_size};
    try {
      question.ask(trial);
    } catch (const std::exception& e) {  // no memory, no thread: must not end the agent
      attempt.Fail({Code::kExhausted, std::string("could not be asked: ") + e.what()});
    }
    return attempt.status();
  }

  milliseconds TimeLeft() const {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - Attempt::Clock::now());
    return std::max(left, milliseconds(0));
  }

  InjectionUnderTest& injection_;
  const SelfTestOptions& options_;
  SocketCalls& calls_;
  const Attempt::Clock::time_point deadline_;
  Tally tally_;
};

}  // namespace

SelfTestReport RunSelfTest(InjectionUnderTest& injection, const SelfTestOptions& options,
                           SocketCalls& calls) {
  const SignalsBlocked signals_blocked;
  return SelfTest(injection, options, calls).Run();
}

SelfTestReport RunSelfTest(InjectionUnderTest& injection, const SelfTestOptions& options) {
  SocketCalls kernel;
  return RunSelfTest(injection, options, kernel);
}

}  // namespace clew::selftest
