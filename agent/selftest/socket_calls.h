// The system calls that the questions are about, behind virtual functions: a test overrides one of
// them to answer as a harmed socket does.
#pragma once

#include <sys/epoll.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

namespace clew::selftest {

// Every function is the system call of its name: -1 and errno on failure. The functions of this
// class ask the kernel.
class SocketCalls {
 public:
  virtual ~SocketCalls() = default;
  virtual ssize_t Send(int fd, const void* data, std::size_t size, int flags);
  virtual ssize_t Writev(int fd, const iovec* parts, int count);
  virtual ssize_t Sendfile(int fd, int file, off_t* offset, std::size_t size);
  virtual ssize_t Recv(int fd, void* data, std::size_t size, int flags);
  // splice() from the socket into the write end of a pipe, never waiting.
  virtual ssize_t SpliceToPipe(int fd, int pipe, std::size_t size);
  // ioctl(FIONREAD).
  virtual int BytesQueued(int fd, int* bytes);
  virtual int EpollWait(int epoll, epoll_event* events, int max_events, int timeout_ms);
  virtual int Shutdown(int fd, int how);
};

}  // namespace clew::selftest
