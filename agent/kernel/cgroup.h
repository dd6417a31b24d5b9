// The cgroup2 hierarchy: where it is mounted, and its folders as descriptors.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace clew::kernel {

// The mount point of cgroup2, found by its type: hybrid systems have it under .../unified. kNotFound without one.
Result<std::string> FindCgroup2();

// Opens a cgroup folder. `path` is absolute below the mount, or relative to the mount. kInvalid when it is not on cgroup2.
Result<Fd> OpenCgroup(const std::string& path, const std::string& mount);

}  // namespace clew::kernel
