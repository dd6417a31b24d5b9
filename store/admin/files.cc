#include "store/admin/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/fd.h"
#include "store/admin/checksum.h"

namespace clew::store {
namespace {

constexpr std::size_t kBlock = 1 << 20;

// O_NONBLOCK: a named pipe in a backup must not make us wait for its writer.
Result<Fd> OpenPlain(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const int why = errno;
  if (!file.valid() && why != ELOOP) return ErrnoError("open", path, why);
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error{Code::kCorrupt, path + " is not a plain file"};
  }
  return file;
}

Status WriteAll(const Fd& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// Hands the bytes of a file to `each`, block by block; what they are, without a name.
template <typename Each>
Result<BackupFile> ReadBlocks(const Fd& file, const std::string& path, ByteProgress& progress,
                              Each each) {
  BackupFile read;
  Checksum sum;
  std::string buffer(kBlock, '\0');
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("read", path, errno);
    if (n == 0) break;
    const std::string_view block(buffer.data(), static_cast<std::size_t>(n));
    sum.Add(block);
    read.size += block.size();
    if (const Status taken = each(block); !taken) return taken.error();
    if (!progress.Add(block.size())) return CancelledError();
  }
  read.sum = sum.Hex();
  return read;
}

Status Sync(const Fd& file, const std::string& path) {
  return ::fsync(file.get()) == 0 ? Status{} : ErrnoError("sync", path, errno);
}

Result<Fd> CreateNew(const std::string& path) {
  constexpr mode_t kMode = 0640;
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (!file.valid()) return ErrnoError("create", path, errno);
  return file;
}

Status SyncParents(const std::string& a, const std::string& b) {
  if (const Status synced = SyncDirectory(ParentOf(a)); !synced) return synced;
  return SyncDirectory(ParentOf(b));
}

}  // namespace

Result<BackupFile> SumFile(const std::string& directory, const std::string& name, bool sync,
                           ByteProgress& progress) {
  const std::string path = directory + "/" + name;
  const auto file = OpenPlain(path);
  if (!file) return file.error();
  auto sum = ReadBlocks(*file, path, progress, [](std::string_view) { return Status{}; });
  if (!sum) return sum.error();
  if (sync) {
    if (const Status synced = Sync(*file, path); !synced) return synced.error();
  }
  sum->name = name;
  return sum;
}

Result<BackupFile> CopyFile(const std::string& from, const std::string& to, const std::string& name,
                            const std::optional<Owner>& owner, ByteProgress& progress) {
  const std::string target = to + "/" + name;
  const auto in = OpenPlain(from + "/" + name);
  if (!in) return in.error();
  const auto out = CreateNew(target);
  if (!out) return out.error();
  auto copied = ReadBlocks(*in, from + "/" + name, progress,
                           [&](std::string_view block) { return WriteAll(*out, block, target); });
  if (!copied) return copied.error();
  if (owner && ::fchown(out->get(), owner->user, owner->group) != 0) {
    return ErrnoError("give to its owner", target, errno);
  }
  if (const Status synced = Sync(*out, target); !synced) return synced.error();
  copied->name = name;
  return copied;
}

Result<std::string> ReadSmallFile(const std::string& path, std::size_t max_bytes) {
  const auto file = OpenPlain(path);
  if (!file) return file.error();
  std::string bytes;
  const Watch nobody;
  ByteProgress progress(nobody, "", 0);
  const auto read = ReadBlocks(*file, path, progress, [&](std::string_view block) -> Status {
    if (bytes.size() + block.size() > max_bytes) {
      return Error{Code::kExhausted,
                   path + " has more than " + std::to_string(max_bytes) + " bytes"};
    }
    bytes += block;
    return {};
  });
  if (!read) return read.error();
  return bytes;
}

Status WriteNewFile(const std::string& path, std::string_view bytes) {
  const auto file = CreateNew(path);
  if (!file) return file.error();
  if (const Status written = WriteAll(*file, bytes, path); !written) return written;
  return Sync(*file, path);
}

Result<std::vector<std::string>> ListDirectory(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator at(path, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    names.push_back(at->path().filename());
  }
  if (error) return ErrnoError("read directory", path, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Status SyncDirectory(const std::string& path) {
  const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return ErrnoError("open", path, errno);
  return Sync(directory, path);
}

std::string ParentOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent;
}

Result<std::uint64_t> FreeBytes(const std::string& path) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0) return ErrnoError("ask for free space of", path, errno);
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

Status RenameNew(const std::string& from, const std::string& to, bool over_empty) {
  const int renamed =
      over_empty ? ::rename(from.c_str(), to.c_str())
                 : ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (renamed != 0) {
    if (errno == EEXIST || errno == ENOTEMPTY) return Error{Code::kInvalid, to + " exists already"};
    return ErrnoError("rename to", to, errno);
  }
  return SyncParents(from, to);
}

Status ExchangeNames(const std::string& a, const std::string& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) != 0) {
    return ErrnoError("exchange with " + a, b, errno);
  }
  return SyncParents(a, b);
}

Result<TempDirectory> TempDirectory::Make(const std::string& path, const std::string& what) {
  std::string name = path + "." + what + "-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return ErrnoError("create directory", name, errno);
  constexpr mode_t kMode = 0750;
  TempDirectory made(std::move(name));
  if (::chmod(made.path().c_str(), kMode) != 0) {
    return ErrnoError("set the mode of", made.path(), errno);
  }
  return made;
}

TempDirectory::~TempDirectory() {
  if (path_.empty()) return;
  std::error_code ignored;  // what stays has a name that says what it is
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace clew::store
