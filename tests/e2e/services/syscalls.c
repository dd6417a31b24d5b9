// SPDX-License-Identifier: Apache-2.0
//
// Moves HTTP over one connection by the system calls that the case is about: three requests and their answers, between this
// process (client) and a child (server). Both check every byte. Exit status 0 when all bytes were right.
//
// usage: clew-e2e-syscalls CASE    runs one case; the requests are POST /CASE/1 to POST /CASE/3
//        clew-e2e-syscalls         lists the cases, one a line
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kRequestBody = 5000, kResponseBody = 7000, kMaxHead = 4096, kRequests = 3, kPauseUs = 200000 };

static void Die(const char *what) {
  fprintf(stderr, "pid %d: %s: %s\n", getpid(), what, strerror(errno));
  exit(1);
}

static void Wrong(const char *what) {
  fprintf(stderr, "pid %d: %s\n", getpid(), what);
  exit(1);
}

static char BodyByte(size_t i) { return 'a' + i % 23; }

// ---- Ways to send: each moves at most `size` bytes once, like write(). ----

static ssize_t SendWrite(int fd, const char *data, size_t size) { return write(fd, data, size); }

static int SplitForWrite(const char *data, size_t size, struct iovec *iov) {
  const size_t first = size / 3, second = size / 3;
  iov[0] = (struct iovec){(char *)data, first};
  iov[1] = (struct iovec){(char *)data + first, second};
  iov[2] = (struct iovec){(char *)data + first + second, size - first - second};
  return 3;
}

static ssize_t SendWritev(int fd, const char *data, size_t size) {
  struct iovec iov[3];
  return writev(fd, iov, SplitForWrite(data, size, iov));
}

static ssize_t SendTo(int fd, const char *data, size_t size) {
  return sendto(fd, data, size, MSG_NOSIGNAL, NULL, 0);
}

static ssize_t SendMsg(int fd, const char *data, size_t size) {
  struct iovec iov[3];
  const struct msghdr msg = {.msg_iov = iov, .msg_iovlen = SplitForWrite(data, size, iov)};
  return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

static ssize_t SendMmsg(int fd, const char *data, size_t size) {
  const size_t half = size / 2;
  struct iovec first = {(char *)data, half}, second = {(char *)data + half, size - half};
  struct mmsghdr msgs[2] = {{.msg_hdr = {.msg_iov = &first, .msg_iovlen = 1}},
                            {.msg_hdr = {.msg_iov = &second, .msg_iovlen = 1}}};
  const int sent = sendmmsg(fd, msgs, 2, MSG_NOSIGNAL);
  if (sent < 0) return -1;
  return msgs[0].msg_len + (sent == 2 ? msgs[1].msg_len : 0);
}

static ssize_t SendFile(int fd, const char *data, size_t size) {
  const int file = memfd_create("body", MFD_CLOEXEC);
  off_t begin = 0;
  if (file < 0 || write(file, data, size) != (ssize_t)size) Die("memfd");
  const ssize_t sent = sendfile(fd, file, &begin, size);
  close(file);
  return sent;
}

static ssize_t SendSplice(int fd, const char *data, size_t size) {
  int pipes[2];
  if (pipe(pipes) != 0 || write(pipes[1], data, size) != (ssize_t)size) Die("pipe");
  const ssize_t sent = splice(pipes[0], NULL, fd, NULL, size, 0);
  close(pipes[0]);
  close(pipes[1]);
  return sent;
}

static ssize_t SendOneByte(int fd, const char *data, size_t size) { return write(fd, data, size > 0); }

// ---- Ways to receive: like read(). ----

static ssize_t ReceiveRead(int fd, char *data, size_t size) { return read(fd, data, size); }

static ssize_t ReceiveReadv(int fd, char *data, size_t size) {
  struct iovec iov[3];
  return readv(fd, iov, SplitForWrite(data, size, iov));
}

static ssize_t ReceiveFrom(int fd, char *data, size_t size) { return recvfrom(fd, data, size, 0, NULL, NULL); }

static ssize_t ReceiveMsg(int fd, char *data, size_t size) {
  struct iovec iov[3];
  struct msghdr msg = {.msg_iov = iov, .msg_iovlen = SplitForWrite(data, size, iov)};
  return recvmsg(fd, &msg, 0);
}

static ssize_t ReceiveMmsg(int fd, char *data, size_t size) {
  struct iovec iov[3];
  struct mmsghdr msg = {.msg_hdr = {.msg_iov = iov, .msg_iovlen = SplitForWrite(data, size, iov)}};
  const int received = recvmmsg(fd, &msg, 1, MSG_WAITFORONE, NULL);
  return received < 0 ? -1 : (ssize_t)msg.msg_len;
}

static ssize_t ReceivePeek(int fd, char *data, size_t size) {
  const ssize_t seen = recv(fd, data, size, MSG_PEEK);
  return seen <= 0 ? seen : recv(fd, data, seen, 0);
}

static ssize_t ReceiveSplice(int fd, char *data, size_t size) {
  int pipes[2];
  if (pipe(pipes) != 0) Die("pipe");
  ssize_t moved = splice(fd, NULL, pipes[1], NULL, size < 4096 ? size : 4096, 0);
  if (moved > 0 && read(pipes[0], data, moved) != moved) Die("read of a pipe");
  close(pipes[0]);
  close(pipes[1]);
  return moved;
}

// ---- The cases. ----

typedef ssize_t SendFunction(int, const char *, size_t);
typedef ssize_t ReceiveFunction(int, char *, size_t);
enum { kNonBlocking = 1, kDup = 2 };

static const struct Case {
  const char *name;
  SendFunction *send_head, *send_body;
  ReceiveFunction *receive_head, *receive_body;
  int family, flags;
} kCases[] = {
    {"read_write", SendWrite, SendWrite, ReceiveRead, ReceiveRead, AF_INET, 0},
    {"readv_writev", SendWritev, SendWritev, ReceiveReadv, ReceiveReadv, AF_INET, 0},
    {"recvfrom_sendto", SendTo, SendTo, ReceiveFrom, ReceiveFrom, AF_INET, 0},
    {"recvmsg_sendmsg", SendMsg, SendMsg, ReceiveMsg, ReceiveMsg, AF_INET, 0},
    {"recvmmsg_sendmmsg", SendWrite, SendMmsg, ReceiveMmsg, ReceiveMmsg, AF_INET, 0},
    {"sendfile", SendWrite, SendFile, ReceiveRead, ReceiveRead, AF_INET, 0},
    {"splice", SendWrite, SendSplice, ReceivePeek, ReceiveSplice, AF_INET, 0},
    {"peek", SendTo, SendTo, ReceivePeek, ReceivePeek, AF_INET, 0},
    {"dup", SendWrite, SendWrite, ReceiveRead, ReceiveRead, AF_INET, kDup},
    {"nonblocking", SendTo, SendTo, ReceiveFrom, ReceiveFrom, AF_INET, kNonBlocking},
    {"byte_by_byte", SendOneByte, SendWrite, ReceiveRead, ReceiveRead, AF_INET, 0},
    {"ipv6", SendTo, SendTo, ReceiveFrom, ReceiveFrom, AF_INET6, 0},
    {"unix", SendWrite, SendWrite, ReceiveRead, ReceiveRead, AF_UNIX, 0},
};

static void WaitFor(int fd, short events) {
  struct pollfd one = {.fd = fd, .events = events};
  if (errno != EAGAIN && errno != EINPROGRESS) Die("move bytes");
  if (poll(&one, 1, 10000) != 1) Die("poll");
}

static void SendAll(int fd, SendFunction *send_some, const char *data, size_t size) {
  while (size > 0) {
    const ssize_t sent = send_some(fd, data, size);
    if (sent < 0) {
      WaitFor(fd, POLLOUT);
      continue;
    }
    data += sent;
    size -= sent;
  }
}

static size_t ReceiveSome(int fd, ReceiveFunction *receive, char *data, size_t size) {
  ssize_t received;
  while ((received = receive(fd, data, size)) < 0) WaitFor(fd, POLLIN);
  if (received == 0) Wrong("the peer closed early");
  return received;
}

// Reads one message whose body has `body_size` bytes and checks it. `start` is what its first line must begin with.
static void ReceiveMessage(int fd, const struct Case *c, const char *start, size_t body_size) {
  char head[kMaxHead + 1];
  size_t have = 0;
  const char *end = NULL;
  // A body that is received in another way must not be read together with the head: a byte at a time then.
  const size_t step = c->receive_head == c->receive_body ? kMaxHead : 1;
  while (end == NULL) {
    if (have == kMaxHead) Wrong("the head is too long");
    const size_t room = kMaxHead - have;
    have += ReceiveSome(fd, c->receive_head, head + have, step < room ? step : room);
    head[have] = '\0';
    end = strstr(head, "\r\n\r\n");
  }
  if (strncmp(head, start, strlen(start)) != 0) Wrong("another first line came");
  char body[kRequestBody + kResponseBody];
  size_t got = head + have - (end + 4);
  if (got > body_size) Wrong("more bytes came than the body has");
  memcpy(body, end + 4, got);
  while (got < body_size) got += ReceiveSome(fd, c->receive_body, body + got, body_size - got);
  for (size_t i = 0; i < body_size; ++i) {
    if (body[i] != BodyByte(i)) Wrong("another body came");
  }
}

static void SendMessage(int fd, const struct Case *c, const char *head, size_t body_size) {
  char body[kRequestBody + kResponseBody];
  for (size_t i = 0; i < body_size; ++i) body[i] = BodyByte(i);
  SendAll(fd, c->send_head, head, strlen(head));
  SendAll(fd, c->send_body, body, body_size);
}

// The descriptor that the case uses for a connected socket.
static int Prepare(int fd, const struct Case *c) {
  if (c->flags & kDup) {
    const int copy = dup(fd);
    if (copy < 0 || close(fd) != 0) Die("dup");
    return copy;
  }
  return fd;
}

static void Serve(int listener, const struct Case *c) {
  const bool non_blocking = c->flags & kNonBlocking;
  int fd = non_blocking ? accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)
                        : accept(listener, NULL, NULL);
  if (fd < 0) Die("accept");
  fd = Prepare(fd, c);
  for (int i = 1; i <= kRequests; ++i) {
    char text[200];
    snprintf(text, sizeof(text), "POST /%s/%d HTTP/1.1\r\n", c->name, i);
    ReceiveMessage(fd, c, text, kRequestBody);
    snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", kResponseBody);
    SendMessage(fd, c, text, kResponseBody);
  }
  close(fd);
}

static void Call(const struct sockaddr *address, socklen_t size, const struct Case *c) {
  const bool non_blocking = c->flags & kNonBlocking;
  int fd = socket(c->family, SOCK_STREAM | (non_blocking ? SOCK_NONBLOCK : 0), 0);
  if (fd < 0) Die("socket");
  if (connect(fd, address, size) != 0) WaitFor(fd, POLLOUT);
  fd = Prepare(fd, c);
  for (int i = 1; i <= kRequests; ++i) {
    char text[200];
    if (i > 1) usleep(kPauseUs);  // by then an agent has looked at this process, which has just been started
    snprintf(text, sizeof(text), "POST /%s/%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", c->name, i,
             kRequestBody);
    SendMessage(fd, c, text, kRequestBody);
    ReceiveMessage(fd, c, "HTTP/1.1 200 OK\r\n", kResponseBody);
  }
  close(fd);
}

static int Run(const struct Case *c) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un path;
  } address = {.any = {.sa_family = c->family}};
  socklen_t size = sizeof(address.v4);
  if (c->family == AF_INET) {
    address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else if (c->family == AF_INET6) {
    address.v6.sin6_addr = in6addr_loopback;
    size = sizeof(address.v6);
  } else {
    size = offsetof(struct sockaddr_un, sun_path);  // the kernel chooses an abstract name
  }
  const int listener = socket(c->family, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, &address.any, size) != 0 || listen(listener, 1) != 0) Die("listen");
  size = sizeof(address);
  if (getsockname(listener, &address.any, &size) != 0) Die("getsockname");

  const pid_t server = fork();
  if (server < 0) Die("fork");
  if (server == 0) {
    Serve(listener, c);
    return 0;
  }
  close(listener);
  Call(&address.any, size, c);
  int status = 0;
  if (waitpid(server, &status, 0) != server || status != 0) Wrong("the server failed");
  return 0;
}

int main(int argc, char **argv) {
  const size_t count = sizeof(kCases) / sizeof(kCases[0]);
  for (size_t i = 0; i < count; ++i) {
    if (argc == 1) puts(kCases[i].name);
    if (argc == 2 && strcmp(argv[1], kCases[i].name) == 0) return Run(&kCases[i]);
  }
  if (argc == 1) return 0;
  fprintf(stderr, "usage: %s [CASE]\n", argv[0]);
  return 2;
}
