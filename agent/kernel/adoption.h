// Reaching sockets of other processes: found in /proc, fetched by pidfd_getfd, never read from or written to.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "base/fd.h"

namespace clew::kernel {

struct TcpDescriptor {
  int fd = -1;  // in the process that has it
  std::uint64_t inode = 0;
  bool client = false;  // the process (or whoever it inherited it from) connected
};

// The established TCP connections of a process, each once, without those that it opened to `skip_ports`.
std::vector<TcpDescriptor> FindTcpSockets(std::uint32_t tgid, const std::set<std::uint16_t>& skip_ports);

// Our own descriptor for the socket that process `tgid` has as `fd`; invalid when that is not `inode` (any more).
Fd OpenForeignSocket(std::uint32_t tgid, int fd, std::uint64_t inode);

// Whether nothing is under way: all that was sent is acknowledged and the last data came from the peer. Then the next byte
// that the application sends begins a request.
bool LooksIdle(int fd);

}  // namespace clew::kernel
