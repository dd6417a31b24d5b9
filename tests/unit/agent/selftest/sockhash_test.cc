// The self-test over a real SOCKHASH. What a socket suffers there depends on the kernel, so these
// tests compare with what they see by themselves.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstdlib>

#include "agent/selftest/self_test.h"
#include "agent/selftest/socket_pair.h"
#include "noop_sockhash.h"

namespace clew::selftest {
namespace {

using std::chrono::milliseconds;

class SockhashTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = NoopSockhash::Make(/*no_delay=*/true);
    if (made) {
      sockhash_ = std::move(*made);
    } else if (std::getenv("REQUIRE_BPF") != nullptr) {
      FAIL() << made.error().message;
    } else {
      GTEST_SKIP() << "no BPF here: " << made.error().message;
    }
  }
  std::unique_ptr<NoopSockhash> sockhash_;
};

SelfTestOptions Short() {
  SelfTestOptions options;
  options.echo_size = 20'000'000;
  return options;
}

TEST_F(SockhashTest, TheFionreadAnswerIsWhatOneSees) {
  auto pair = ConnectPair(milliseconds(500));
  ASSERT_TRUE(pair);
  ASSERT_TRUE(sockhash_->Enter(pair->client.get()));
  ASSERT_EQ(::send(pair->peer.get(), "hello", 5, 0), 5);
  pollfd readable{pair->client.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&readable, 1, 500), 1);
  int queued = -1;
  ASSERT_EQ(::ioctl(pair->client.get(), FIONREAD, &queued), 0);

  const SelfTestReport report = RunSelfTest(*sockhash_, Short());
  EXPECT_EQ(report.Ok(Concern::kFionread), queued == 5) << report.Differences();
}

TEST_F(SockhashTest, AnswersAreTheSameEachTime) {
  const std::string first = RunSelfTest(*sockhash_, Short()).Differences();
  RecordProperty("differences", first);
  for (int round = 0; round < 4; ++round) {
    EXPECT_EQ(RunSelfTest(*sockhash_, Short()).Differences(), first);
  }
}

TEST_F(SockhashTest, BytesArriveAndEventsComeAsOverUntouchedSockets) {
  const SelfTestReport report = RunSelfTest(*sockhash_, Short());
  EXPECT_TRUE(report.Ok(Concern::kBytes)) << report.Differences();
  EXPECT_TRUE(report.Ok(Concern::kEvents)) << report.Differences();
  EXPECT_TRUE(report.Ok(Concern::kLatency)) << report.Differences();
  EXPECT_LT(report.took, milliseconds(5000));
}

// A policy whose sockets leave again before their first byte.
class LeavesAtOnce : public InjectionUnderTest {
 public:
  explicit LeavesAtOnce(NoopSockhash& sockhash) : sockhash_(sockhash) {}
  Status Enter(int fd) override { return sockhash_.Enter(fd); }
  Status Leave(int fd) override { return sockhash_.Leave(fd); }
  bool IsIn(int fd) override {
    const bool in = sockhash_.IsIn(fd);
    return sockhash_.Leave(fd).has_value() && in;
  }
  std::uint64_t inserted() const override { return 0; }

 private:
  NoopSockhash& sockhash_;
};
TEST_F(SockhashTest, ASocketThatHasLeftIsUntouched) {
  LeavesAtOnce injection(*sockhash_);
  EXPECT_EQ(RunSelfTest(injection, Short()).Differences(), "");
}

}  // namespace
}  // namespace clew::selftest
