// The unix socket by which the collector that has a data directory open is administered.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace clew::admin {

inline constexpr char kSocketName[] = "admin.sock";

// The directory, and how to name the socket in it to bind and connect. A unix socket's path has at
// most 107 bytes, a directory's many more: the name leads through /proc/self/fd, so that its length
// does not matter. It is good in this process while the object lives.
class SocketPlace {
 public:
  // kNotFound: no such directory; kDenied.
  static Result<SocketPlace> Open(const std::string& data_dir);
  std::string path() const;                                 // "/proc/self/fd/7/admin.sock"
  std::string address() const { return "unix:" + path(); }  // as gRPC wants it
  int directory() const { return directory_.get(); }

 private:
  explicit SocketPlace(Fd directory) : directory_(std::move(directory)) {}
  Fd directory_;
};

// Whether somebody listens there now. A socket that a dead collector has left is answered with
// false. kDenied: it is another user's.
Result<bool> IsServed(const SocketPlace& place);

}  // namespace clew::admin
