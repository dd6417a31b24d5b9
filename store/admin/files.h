// Files of backups: read, copied and listed so that nothing but a plain file is ever followed, and
// durable when a function says so.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/admin/manifest.h"
#include "store/admin/watch.h"

namespace clew::store {

// Progress over many files, in bytes.
class ByteProgress {
 public:
  ByteProgress(const Watch& watch, const char* what, std::uint64_t total)
      : watch_(watch), what_(what), total_(total) {}
  // False: cancelled.
  bool Add(std::uint64_t bytes) {
    done_ += bytes;
    watch_.Report(what_, done_, total_);
    return !watch_.Cancelled();
  }

 private:
  const Watch& watch_;
  const char* const what_;
  const std::uint64_t total_;
  std::uint64_t done_ = 0;
};

// Who is to own a file: as chown(2).
struct Owner {
  uid_t user = 0;
  gid_t group = 0;
};

// Name, size and checksum of a plain file; with `sync` its bytes are on disk then. kCorrupt: it is
// something else than a plain file.
Result<BackupFile> SumFile(const std::string& directory, const std::string& name, bool sync,
                           ByteProgress& progress);
// Copies a plain file's bytes, durably, into one that must not exist, and says what was copied.
Result<BackupFile> CopyFile(const std::string& from, const std::string& to, const std::string& name,
                            const std::optional<Owner>& owner, ByteProgress& progress);
// The whole of a plain file. kExhausted when it has more than `max_bytes`.
Result<std::string> ReadSmallFile(const std::string& path, std::size_t max_bytes);
// Durable, must not exist.
Status WriteNewFile(const std::string& path, std::string_view bytes);

// Names, sorted, without "." and "..".
Result<std::vector<std::string>> ListDirectory(const std::string& path);
// The entries of a directory are on disk.
Status SyncDirectory(const std::string& path);
// The directory that `path` is an entry of.
std::string ParentOf(const std::string& path);
Result<std::uint64_t> FreeBytes(const std::string& path);
// Renames durably; kInvalid when `to` exists, unless it is an empty directory and `over_empty`.
Status RenameNew(const std::string& from, const std::string& to, bool over_empty = false);
// Each gets the other's name, in one step that a crash does not divide. Durable.
Status ExchangeNames(const std::string& a, const std::string& b);

// A new directory beside `path` that goes, with all in it, unless it is kept.
class TempDirectory {
 public:
  // "{path}.{what}-XXXXXX", mode 0750.
  static Result<TempDirectory> Make(const std::string& path, const std::string& what);
  ~TempDirectory();
  TempDirectory(TempDirectory&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }
  void Keep() { path_.clear(); }

 private:
  explicit TempDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace clew::store
