// Runs the self-test in a child process: its sockets must belong to a cgroup that injection is attached to, and whatever happens
// to it must not happen to the agent.
#pragma once

#include <string>

#include "agent/kernel/programs.h"
#include "agent/selftest/self_test.h"
#include "base/result.h"

namespace clew::kernel {

// By what requests carry their context: it decides which differences have an answer.
enum class TestedCarrier : std::uint8_t {
  kHeader,  // sockets of FIONREAD users leave early; headers must arrive
  kOption,
};

struct SelfTestVerdict {
  bool harmless = false;           // what was tested may be used
  bool fionread_ok = false;        // ... also for processes that use FIONREAD
  std::string differences;         // what answered differently, in words
  int asked = 0;                   // questions
  int failed = 0;
};

// `cgroup_path`: folder in which a child group is made for the time of the test. Forks: to be called while this process has one
// thread. An error means that the test could not be run at all.
Result<SelfTestVerdict> RunSelfTestInChild(Programs& programs, selftest::InjectionUnderTest& under_test, TestedCarrier carrier,
                                           const std::string& cgroup_path);

}  // namespace clew::kernel
