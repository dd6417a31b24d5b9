#include "agent/process/read_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <climits>

namespace clew::process {
namespace {

Result<std::string> ReadAll(const Fd& fd, const std::string& path, std::size_t max_bytes) {
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return ErrnoError("stat", path, errno);
  if (!S_ISREG(status.st_mode))
    return Error{Code::kInvalid, "read " + path + ": not a regular file"};
  std::string out;
  std::array<char, 4096> buffer;
  while (out.size() < max_bytes) {
    const std::size_t want = std::min(buffer.size(), max_bytes - out.size());
    const ssize_t n = read(fd.get(), buffer.data(), want);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("read", path, errno);
    if (n == 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return out;
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  // O_NONBLOCK: the open itself must not wait for a FIFO's writer.
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return ErrnoError("open", path, errno);
  return ReadAll(fd, path, max_bytes);
}

Result<std::string> ReadFileInRoot(const std::string& root_directory, const std::string& path,
                                   std::size_t max_bytes) {
  const Fd root(open(root_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return ErrnoError("open", root_directory, errno);
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const Fd fd(static_cast<int>(syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof(how))));
  if (!fd.valid()) return ErrnoError("open", path, errno);
  return ReadAll(fd, path, max_bytes);
}

std::optional<std::string> ReadLink(const std::string& path) {
  std::array<char, PATH_MAX> target;
  const ssize_t n = readlink(path.c_str(), target.data(), target.size());
  if (n < 0 || static_cast<std::size_t>(n) == target.size()) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(n));
}

}  // namespace clew::process
