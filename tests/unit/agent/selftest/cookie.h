// What tells sockets apart although descriptors are reused.
#pragma once

#include <sys/socket.h>

#include <cstdint>

namespace clew::selftest {

// The kernel's SO_COOKIE of this socket.
inline std::uint64_t Cookie(int fd) {
  std::uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  ::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length);
  return cookie;
}

}  // namespace clew::selftest
