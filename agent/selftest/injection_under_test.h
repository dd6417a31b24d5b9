// What the self-test needs from injection: to put one of its own sockets under the policy, and to
// take it out again.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace clew::selftest {

// Implemented by the kernel layer over the very maps and programs that traced sockets use. Calls
// are never concurrent, but may come from a thread other than the one that uses the socket: Leave()
// is called while a thread waits in recv().
// No other socket of this process may be under the policy meanwhile: the self-test compares with
// them.
class InjectionUnderTest {
 public:
  virtual ~InjectionUnderTest() = default;
  // Puts this connected client socket of ours under the policy exactly as a traced one: same map,
  // same socket options.
  virtual Status Enter(int connected_fd) = 0;
  // Takes it out. A socket that the policy has taken out by itself is no error.
  virtual Status Leave(int fd) = 0;
  // Whether the socket is under the policy now.
  virtual bool IsIn(int fd) = 0;
  // Headers that the policy says it inserted so far.
  virtual std::uint64_t inserted() const = 0;
};

}  // namespace clew::selftest
