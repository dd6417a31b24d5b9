// The smallest policy: a SOCKHASH whose sk_msg program lets every message pass. What a socket
// suffers in it, it suffers from living in a SOCKHASH at all.
#pragma once

#include <cstdint>
#include <memory>

#include "agent/selftest/injection_under_test.h"
#include "base/fd.h"

namespace clew::selftest {

class NoopSockhash : public InjectionUnderTest {
 public:
  // `no_delay`: sockets get TCP_NODELAY when they enter. Fails where BPF cannot be used.
  static Result<std::unique_ptr<NoopSockhash>> Make(bool no_delay);

  Status Enter(int fd) override;
  Status Leave(int fd) override;
  bool IsIn(int fd) override;
  std::uint64_t inserted() const override { return 0; }

 private:
  NoopSockhash(Fd map, Fd program, bool no_delay)
      : map_(std::move(map)), program_(std::move(program)), no_delay_(no_delay) {}

  Fd map_;
  Fd program_;
  bool no_delay_;
};

}  // namespace clew::selftest
