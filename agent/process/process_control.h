// The decisions that user space hands to the kernel side: which processes are traced.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace clew::process {

// Whether a process asks ioctl(FIONREAD) on its sockets. On kernels where a socket of the injection
// map answers 0 (see docs/architecture.md and the self-test) such a process lives by the
// leave-on-acknowledge rule.
enum class InjectClass : std::uint8_t {
  kUnknown = 0,  // watch it first
  kNever = 1,    // known by name, or a Go binary: it does not ask
  kUses = 2,     // nginx and its relatives
};

// Implemented by the kernel layer; every call is an update of a map. Called from the ring thread
// (after PROC records) and from the scanner's thread, so it must be safe to call from several
// threads at once.
//
// Precedence inside the kernel side: Exclude over Trace over what was inherited by fork or matched
// by cgroup.
class ProcessControl {
 public:
  virtual ~ProcessControl() = default;
  // Capture the sockets of `tgid` and of what it forks from now on. Again for a traced process:
  // only replaces its class (exec).
  virtual Status Trace(std::uint32_t tgid, InjectClass inject) = 0;
  // `tgid` was forked by `parent`, a traced process, and is traced by that already.
  virtual Status Forked(std::uint32_t tgid, std::uint32_t parent) = 0;
  // `tgid` runs another program now; Trace or Exclude follows if it concerns us. What was told of
  // the program before does not hold any more.
  virtual void Executed(std::uint32_t tgid) = 0;
  // `tgid`, a traced process, makes calls of its own.
  virtual void Calls(std::uint32_t tgid) = 0;
  // In `tgid`, a traced process, pools work for requests.
  virtual void Pools(std::uint32_t tgid) = 0;
  // Never look at `tgid`, although a cgroup or its parent says so.
  virtual Status Exclude(std::uint32_t tgid) = 0;
  // The process is gone: drop what is stored about it. Unknown tgids are no error.
  virtual Status Forget(std::uint32_t tgid) = 0;
};

}  // namespace clew::process
