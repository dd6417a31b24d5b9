#include "agent/selftest/self_test.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "plain_injection.h"

namespace clew::selftest {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kEveryQuestion = 25;

// Short: what these tests are about is not the number of bytes.
SelfTestOptions Short() {
  SelfTestOptions options;
  options.echo_size = 4'000'000;
  return options;
}

class BusyThreads {
 public:
  explicit BusyThreads(int count) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this] {
        while (!stop_) spin_.fetch_add(1, std::memory_order_relaxed);
      });
    }
  }
  ~BusyThreads() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<long> spin_ = 0;
  std::vector<std::thread> threads_;
};

TEST(SelfTest, PlainSocketsPassEveryQuestion) {
  PlainInjection injection;
  const SelfTestReport report = RunSelfTest(injection);
  EXPECT_EQ(report.answers.size(), kEveryQuestion);
  EXPECT_EQ(report.Differences(), "");
  EXPECT_TRUE(report.Harmless({}));
  EXPECT_GT(report.requests, 50);
  EXPECT_EQ(report.headers_seen, 0);
}

TEST(SelfTest, PlainSocketsPassOnABusyMachineEachTime) {
  PlainInjection injection;
  const BusyThreads busy(2);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(RunSelfTest(injection, Short()).Differences(), "") << round;
  }
}

TEST(SelfTest, AsksOnlyWhatItIsToldTo) {
  PlainInjection injection;
  SelfTestOptions options = Short();
  options.only = {"fionread", "peek"};
  const SelfTestReport report = RunSelfTest(injection, options);
  ASSERT_EQ(report.answers.size(), 2u);
  EXPECT_EQ(report.answers[0].name, "fionread");
  EXPECT_EQ(report.answers[1].name, "peek");
  EXPECT_TRUE(report.Ok(Concern::kFionread));
  EXPECT_FALSE(report.Ok(Concern::kLatency));  // not asked
  options.only = {"no such question"};
  EXPECT_FALSE(RunSelfTest(injection, options).Harmless({}));
}

class Refusing : public PlainInjection {
 public:
  Status Enter(int) override { return Error{Code::kDenied, "bpf: not permitted"}; }
};
class NeverIn : public PlainInjection {
 public:
  bool IsIn(int) override { return false; }
};
class Throwing : public PlainInjection {
 public:
  Status Enter(int) override { throw std::runtime_error("broken"); }
};

TEST(SelfTest, ASocketThatCannotEnterPassesNothingAndIsNotHarmless) {
  Refusing refusing;
  NeverIn never_in;
  Throwing throwing;
  for (auto& [injection, reason] :
       {std::pair<InjectionUnderTest*, const char*>{&refusing, "enter: bpf: not permitted"},
        {&never_in, "not under the policy"},
        {&throwing, "broken"}}) {
    const SelfTestReport report = RunSelfTest(*injection, Short());
    EXPECT_EQ(report.answers.size(), kEveryQuestion);
    for (const Answer& answer : report.answers) {
      EXPECT_FALSE(answer.passed) << answer.name;
      EXPECT_NE(answer.detail.find(reason), std::string::npos) << answer.detail;
    }
    EXPECT_FALSE(report.Harmless({.fionread_users_leave_early = true}));
  }
}

// Takes every socket, also those that were not put under the policy.
class TakesAll : public PlainInjection {
 public:
  bool IsIn(int) override { return true; }
};

TEST(SelfTest, AnUntouchedSocketThatIsNotUntouchedProvesNothing) {
  TakesAll injection;
  const SelfTestReport report = RunSelfTest(injection, Short());
  EXPECT_FALSE(report.Ok(Concern::kLatency));
  EXPECT_NE(report.Differences().find("nobody put under it"), std::string::npos);
}

// Nothing ever arrives at the client.
class Deaf : public SocketCalls {
 public:
  ssize_t Recv(int, void*, std::size_t, int) override {
    errno = EAGAIN;
    return -1;
  }
};

TEST(SelfTest, EndsInTimeWhateverTheSocketsDo) {
  PlainInjection injection;
  Deaf calls;
  SelfTestOptions options = Short();
  options.total_limit = milliseconds(1000);
  const SelfTestReport report = RunSelfTest(injection, options, calls);
  EXPECT_LT(report.took, milliseconds(2000));
  EXPECT_EQ(report.answers.size(), kEveryQuestion);
  EXPECT_EQ(report.answers.back().detail, "not asked: no time left");
  EXPECT_FALSE(report.Harmless({}));
}

TEST(SelfTest, WithoutDescriptorsNothingIsAskedAndNothingCrashes) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{3, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  PlainInjection injection;
  const SelfTestReport report = RunSelfTest(injection, Short());
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  for (const Answer& answer : report.answers) {
    EXPECT_FALSE(answer.passed) << answer.name;
    EXPECT_NE(answer.detail.find("Too many open files"), std::string::npos) << answer.detail;
  }
}

// A connection that breaks raises SIGPIPE in writev() and sendfile().
class Breaking : public SocketCalls {
 public:
  ssize_t Writev(int, const iovec*, int) override {
    ::raise(SIGPIPE);
    errno = EPIPE;
    return -1;
  }
};

TEST(SelfTest, ABrokenConnectionDoesNotEndTheProcess) {
  PlainInjection injection;
  Breaking calls;
  SelfTestOptions options = Short();
  options.only = {"writev"};
  const SelfTestReport report = RunSelfTest(injection, options, calls);
  EXPECT_FALSE(report.Harmless({}));
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGPIPE), 0) << "signals are as they were before";
}

TEST(SelfTestReport, AWrongFionreadIsHarmlessOnlyWhereItsUsersLeaveEarly) {
  SelfTestReport report;
  report.answers = {{"fionread", Concern::kFionread, false, "says 0", {}},
                    {"echo", Concern::kBytes, true, "", {}}};
  EXPECT_FALSE(report.Harmless({.fionread_users_leave_early = false}));
  EXPECT_TRUE(report.Harmless({.fionread_users_leave_early = true}));
  EXPECT_FALSE(report.Ok(Concern::kFionread));
  EXPECT_TRUE(report.Ok(Concern::kBytes));
  EXPECT_EQ(report.Differences(), "fionread: says 0");
  report.answers[1] = {"echo", Concern::kBytes, false, "late", {}};
  EXPECT_FALSE(report.Harmless({.fionread_users_leave_early = true}));
  EXPECT_EQ(report.Differences(), "fionread: says 0; echo: late");
}

}  // namespace
}  // namespace clew::selftest
