// An injection that does nothing: sockets "under test" are plain ones.
#pragma once

#include <cstdint>
#include <set>

#include "agent/selftest/injection_under_test.h"
#include "cookie.h"

namespace clew::selftest {

class PlainInjection : public InjectionUnderTest {
 public:
  Status Enter(int fd) override {
    entered_.insert(Cookie(fd));
    return {};
  }
  Status Leave(int fd) override {
    entered_.erase(Cookie(fd));
    return {};
  }
  bool IsIn(int fd) override { return entered_.contains(Cookie(fd)); }
  std::uint64_t inserted() const override { return 0; }

 private:
  std::set<std::uint64_t> entered_;
};

}  // namespace clew::selftest
