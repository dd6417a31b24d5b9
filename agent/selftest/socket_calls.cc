#include "agent/selftest/socket_calls.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

namespace clew::selftest {

ssize_t SocketCalls::Send(int fd, const void* data, std::size_t size, int flags) {
  return ::send(fd, data, size, flags);
}
ssize_t SocketCalls::Writev(int fd, const iovec* parts, int count) {
  return ::writev(fd, parts, count);
}
ssize_t SocketCalls::Sendfile(int fd, int file, off_t* offset, std::size_t size) {
  return ::sendfile(fd, file, offset, size);
}
ssize_t SocketCalls::Recv(int fd, void* data, std::size_t size, int flags) {
  return ::recv(fd, data, size, flags);
}
ssize_t SocketCalls::SpliceToPipe(int fd, int pipe, std::size_t size) {
  return ::splice(fd, nullptr, pipe, nullptr, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}
int SocketCalls::BytesQueued(int fd, int* bytes) { return ::ioctl(fd, FIONREAD, bytes); }
int SocketCalls::EpollWait(int epoll, epoll_event* events, int max_events, int timeout_ms) {
  return ::epoll_wait(epoll, events, max_events, timeout_ms);
}
int SocketCalls::Shutdown(int fd, int how) { return ::shutdown(fd, how); }

}  // namespace clew::selftest
