// An injection that does nothing: sockets "under test" are plain ones.
#pragma once

#include <cstdint>

#include "agent/selftest/injection_under_test.h"

namespace clew::selftest {

class PlainInjection : public InjectionUnderTest {
 public:
  Status Enter(int) override { return {}; }
  Status Leave(int) override { return {}; }
  bool IsIn(int) override { return true; }
  std::uint64_t inserted() const override { return 0; }
};

}  // namespace clew::selftest
