// A TCP connection from this process to itself over 127.0.0.1.
#pragma once

#include <chrono>

#include "base/fd.h"
#include "base/result.h"

namespace clew::selftest {

struct SocketPair {
  Fd client;  // called connect(); blocking
  Fd peer;    // accepted; non-blocking
};

// Both ends have send and receive timeouts of `limit`, so that no call on them can wait longer,
// whatever happens to the socket. Nobody else can be at the other end: a stranger who connects to
// our port first is turned away. kUnavailable when the connection did not come about within
// `limit`; other codes by errno.
Result<SocketPair> ConnectPair(std::chrono::milliseconds limit);

}  // namespace clew::selftest
