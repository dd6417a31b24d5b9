#include "admin/service/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace clew::admin {

Result<SocketPlace> SocketPlace::Open(const std::string& data_dir) {
  Fd directory(::open(data_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return ErrnoError("open directory", data_dir, errno);
  return SocketPlace(std::move(directory));
}

std::string SocketPlace::path() const {
  return "/proc/self/fd/" + std::to_string(directory_.get()) + "/" + kSocketName;
}

Result<bool> IsServed(const SocketPlace& place) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const std::string path = place.path();
  CLEW_CHECK(path.size() < sizeof(to.sun_path));
  std::memcpy(to.sun_path, path.data(), path.size());
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return ErrnoError("create a unix socket", "", errno);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) return true;
  if (errno == ENOENT || errno == ECONNREFUSED) return false;
  if (errno == EACCES || errno == EPERM) {
    return Error{Code::kDenied,
                 "the collector that serves this directory belongs to another user: be that user, "
                 "or root"};
  }
  return ErrnoError("connect to", kSocketName, errno);
}

}  // namespace clew::admin
