// A folder for what a benchmark stores.
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>

#include "base/result.h"

namespace clew::bench {

// Goes with all that is in it.
class TempDir {
 public:
  static Result<TempDir> Make(
      const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string pattern = (parent / "clew-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return ErrnoError("create", pattern, errno);
    return TempDir(pattern);
  }
  TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDir& operator=(TempDir&&) = delete;
  ~TempDir() {
    std::error_code ignored;  // what was measured has been said
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

}  // namespace clew::bench
