// Bounded reads of files that other processes control.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace clew::process {

// The first `max_bytes` of a regular file (everything under /proc counts as one). kNotFound when
// the file or its process is gone.
Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes);

// The first `max_bytes` of `path` as a process with root directory `root_directory` would resolve
// it: symbolic links and ".." cannot leave that root. kNotFound when there is none, kInvalid when
// it is no regular file (a FIFO would block).
Result<std::string> ReadFileInRoot(const std::string& root_directory, const std::string& path,
                                   std::size_t max_bytes);

// Target of a symbolic link; nothing when it cannot be read.
std::optional<std::string> ReadLink(const std::string& path);

}  // namespace clew::process
