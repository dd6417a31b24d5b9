// Holds back all signals of this thread, and of threads that it starts meanwhile.
#pragma once

#include <csignal>

namespace clew::selftest {

// So that no signal interrupts a system call that is under test, and SIGPIPE of writev() or
// sendfile() on a connection that broke does not end the process. A SIGPIPE that came in between is
// dropped; all others are delivered at the end.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
  bool pipe_was_pending_;
};

}  // namespace clew::selftest
