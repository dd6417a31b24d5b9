#include "store/admin/restore.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>

#include "store/admin/backup.h"
#include "store/admin/directory_check.h"
#include "store/rocks_db.h"

namespace clew::store {
namespace {

enum class Target { kAbsent, kEmpty, kUsed };

Result<Target> LookAt(const std::string& directory) {
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) {
    if (errno == ENOENT) return Target::kAbsent;
    return ErrnoError("look at", directory, errno);
  }
  if (!S_ISDIR(status.st_mode)) return Error{Code::kInvalid, directory + " is no directory"};
  const auto names = ListDirectory(directory);
  if (!names) return names.error();
  struct stat parent {};
  if (::stat(ParentOf(directory).c_str(), &parent) == 0 && parent.st_dev != status.st_dev) {
    return Error{Code::kInvalid, directory +
                                     " is a mount point, which cannot be renamed: restore to "
                                     "a directory in it and use that as --data-dir"};
  }
  return names->empty() ? Target::kEmpty : Target::kUsed;
}

// Only root can give files away; others own what they write.
std::optional<Owner> OwnerOf(const std::string& directory) {
  struct stat status {};
  if (::geteuid() != 0 || ::stat(directory.c_str(), &status) != 0) return std::nullopt;
  return Owner{status.st_uid, status.st_gid};
}

// The first damage that `check` finds, as an error.
template <typename Check>
Result<CheckReport> Require(const char* what, Check check) {
  std::string first;
  const auto report = check([&first](const Damage& damage) {
    if (first.empty()) first = damage.place + ": " + damage.problem;
  });
  if (!report || first.empty()) return report;
  return Error{Code::kCorrupt, std::string(what) + " is damaged: " + first};
}

Status CopyAll(const BackupManifest& manifest, const std::string& from, const std::string& to,
               const std::optional<Owner>& owner, const Watch& watch) {
  std::uint64_t total = 0;
  for (const BackupFile& file : manifest.files) total += file.size;
  ByteProgress progress(watch, "bytes copied", total);
  for (const BackupFile& file : manifest.files) {
    const auto copied = CopyFile(from, to, file.name, owner, progress);
    if (!copied) return copied.error();
    if (*copied != file) {
      return Error{Code::kCorrupt, "file " + file.name + " changed while it was copied"};
    }
  }
  return SyncDirectory(to);
}

// "20251123T063300Z"
std::string Date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[sizeof("20251123T063300Z")];
  std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc);
  return text;
}

}  // namespace

Result<RestoreReport> RestoreBackup(const std::string& backup, const std::string& directory,
                                    bool replace, const Watch& watch) {
  const auto target = LookAt(directory);
  if (!target) return target.error();
  if (*target == Target::kUsed && !replace) {
    return Error{Code::kInvalid, directory + " is not empty: give another directory, or --replace"};
  }
  // Held until the old directory has its new name.
  std::unique_ptr<DirectoryLock> lock;
  if (*target == Target::kUsed) {
    auto taken = DirectoryLock::Take(directory);
    if (!taken) {
      return Error{
          taken.error().code,
          taken.error().message + ". Stop it before restoring (systemctl stop clew-collector)"};
    }
    lock = *std::move(taken);
  }
  const auto manifest = ReadManifest(backup);
  if (!manifest) return manifest.error();
  const auto good = Require(
      "the backup", [&](const EachDamage& each) { return VerifyBackup(backup, each, watch); });
  if (!good) return good.error();
  RestoreReport report{.files = manifest->files.size(), .spans = good->spans};
  for (const BackupFile& file : manifest->files) report.bytes += file.size;
  if (const Status room = RequireFree(ParentOf(directory), report.bytes); !room) {
    return room.error();
  }

  auto copy = TempDirectory::Make(directory, "restoring");
  if (!copy) return copy.error();
  const auto owner = *target == Target::kAbsent ? std::nullopt : OwnerOf(directory);
  if (owner && ::chown(copy->path().c_str(), owner->user, owner->group) != 0) {
    return ErrnoError("give to its owner", copy->path(), errno);
  }
  const Status copied = CopyAll(*manifest, backup + "/" + kBackupStore, copy->path(), owner, watch);
  if (!copied) return copied.error();
  const auto whole = Require("the copy", [&](const EachDamage& each) {
    return CheckDirectory(copy->path(), each, watch);
  });
  if (!whole) return whole.error();

  if (*target != Target::kUsed) {
    const Status named = RenameNew(copy->path(), directory, true);
    if (!named) return named.error();
    copy->Keep();
    return report;
  }
  report.replaced = directory + ".replaced-" + Date();
  if (const Status swapped = ExchangeNames(copy->path(), directory); !swapped) {
    return swapped.error();
  }
  // What was there has the temporary name now, which must not take it along.
  const std::string old = copy->path();
  copy->Keep();
  if (const Status kept = RenameNew(old, report.replaced); !kept) {
    return Error{kept.error().code,
                 "restored; what was there before is in " + old + ": " + kept.error().message};
  }
  return report;
}

}  // namespace clew::store
