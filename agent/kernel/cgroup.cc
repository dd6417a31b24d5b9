#include "agent/kernel/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>
#include <fstream>
#include <sstream>

namespace clew::kernel {

Result<std::string> FindCgroup2() {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string device, point, type;
    if (fields >> device >> point >> type && type == "cgroup2") return point;
  }
  return Error{Code::kNotFound, "no cgroup2 filesystem is mounted; mount one with: mount -t cgroup2 none /sys/fs/cgroup"};
}

Result<Fd> OpenCgroup(const std::string& path, const std::string& mount) {
  const std::string full = path.starts_with(mount) ? path : mount + (path.starts_with("/") ? "" : "/") + path;
  Fd fd(open(full.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError("open cgroup", full, errno);
  struct statfs fs {};
  if (fstatfs(fd.get(), &fs) != 0) return ErrnoError("statfs", full, errno);
  if (fs.f_type != CGROUP2_SUPER_MAGIC) {
    return Error{Code::kInvalid, full + " is not a folder of the cgroup2 filesystem at " + mount};
  }
  return fd;
}

}  // namespace clew::kernel
