#include "store/admin/backup.h"

#include <rocksdb/utilities/checkpoint.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>

#include "store/admin/directory_check.h"
#include "store/keys.h"
#include "store/rocks_db.h"

namespace clew::store {
namespace {

constexpr std::uint64_t kKeepFree = 64u << 20;  // for whoever else uses the disk meanwhile
constexpr char kAnother[] = "use another backup";

std::string StoreIn(const std::string& backup) { return backup + "/" + kBackupStore; }

bool HasStore(const std::string& backup) {
  std::error_code ignored;
  return std::filesystem::is_directory(StoreIn(backup), ignored);
}

Result<dev_t> DeviceOf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return ErrnoError("look at", path, errno);
  return status.st_dev;
}

std::uint64_t BytesOf(RocksDb& db) {
  std::uint64_t bytes = 0;
  std::vector<rocksdb::LiveFileMetaData> files;
  db.db().GetLiveFilesMetaData(&files);
  for (const auto& file : files) bytes += file.size;
  rocksdb::VectorLogPtr logs;
  if (db.db().GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) bytes += log->SizeFileBytes();
  }
  return bytes;
}

std::uint64_t TotalOf(const BackupManifest& manifest) {
  std::uint64_t bytes = 0;
  for (const BackupFile& file : manifest.files) bytes += file.size;
  return bytes;
}

// Checksums of everything in the folder, which is on disk then.
Status SumAll(const std::string& folder, const Watch& watch, BackupManifest& manifest) {
  const auto names = ListDirectory(folder);
  if (!names) return names.error();
  std::error_code ignored;
  std::uint64_t total = 0;  // for the progress only
  for (const std::string& name : *names) {
    total += std::filesystem::file_size(folder + "/" + name, ignored);
  }
  ByteProgress progress(watch, "bytes written", total);
  for (const std::string& name : *names) {
    auto file = SumFile(folder, name, true, progress);
    if (!file) return file.error();
    manifest.files.push_back(*std::move(file));
  }
  return SyncDirectory(folder);
}

// Compares the files of a backup with its manifest; how many differ.
Result<std::uint64_t> CompareFiles(const std::string& folder, const BackupManifest& manifest,
                                   const EachDamage& each, const Watch& watch) {
  const auto names = ListDirectory(folder);
  if (!names) return names.error();
  std::uint64_t damages = 0;
  const auto tell = [&](const std::string& name, const std::string& problem, const char* remedy) {
    ++damages;
    each({"file " + name, problem, remedy});
  };
  for (const std::string& name : *names) {
    const auto is_it = [&name](const BackupFile& file) { return file.name == name; };
    if (std::any_of(manifest.files.begin(), manifest.files.end(), is_it)) continue;
    tell(name, "does not belong to the backup", "remove it, if it is not needed elsewhere");
  }
  ByteProgress progress(watch, "bytes compared", TotalOf(manifest));
  for (const BackupFile& file : manifest.files) {
    if (!std::binary_search(names->begin(), names->end(), file.name)) {
      tell(file.name, "is missing", kAnother);
      continue;
    }
    const auto found = SumFile(folder, file.name, false, progress);
    if (watch.Cancelled()) return CancelledError();
    if (!found) {
      tell(file.name, found.error().message, kAnother);
    } else if (found->size != file.size) {
      tell(file.name,
           "has " + std::to_string(found->size) + " bytes instead of " + std::to_string(file.size),
           kAnother);
    } else if (found->sum != file.sum) {
      tell(file.name, "its bytes are not those that were written", kAnother);
    }
  }
  return damages;
}

}  // namespace

Status RequireFree(const std::string& directory, std::uint64_t bytes) {
  const auto free = FreeBytes(directory);
  if (!free) return free.error();
  if (*free >= bytes && *free - bytes >= kKeepFree) return {};
  return Error{Code::kExhausted, "the disk of " + directory + " has " + std::to_string(*free) +
                                     " bytes left; " + std::to_string(bytes) + " and " +
                                     std::to_string(kKeepFree) + " more are needed"};
}

Result<BackupManifest> ReadManifest(const std::string& backup) {
  const std::string path = backup + "/" + kManifestName;
  const auto text = ReadSmallFile(path, kMaxManifestBytes);
  if (!text && text.error().code == Code::kNotFound) {
    return Error{Code::kNotFound, "no backup in " + backup + ": it has no " + kManifestName};
  }
  if (!text) return text.error();
  auto manifest = ParseManifest(*text);
  if (!manifest) return Error{manifest.error().code, path + ": " + manifest.error().message};
  return manifest;
}

Result<BackupReport> MakeBackup(RocksDb& db, const std::string& store,
                                const std::string& destination, const Watch& watch) {
  struct stat there {};
  if (::lstat(destination.c_str(), &there) == 0) {
    return Error{Code::kInvalid, destination + " exists already"};
  }
  if (errno != ENOENT) return ErrnoError("look at", destination, errno);
  const std::string parent = ParentOf(destination);
  const auto its_device = DeviceOf(parent);
  if (!its_device) return its_device.error();
  const auto our_device = DeviceOf(store);
  if (!our_device) return our_device.error();
  BackupReport report{.path = destination, .linked = *its_device == *our_device};
  if (const Status room = RequireFree(parent, report.linked ? 0 : BytesOf(db)); !room) {
    return room.error();
  }
  auto folder = TempDirectory::Make(destination, "partial");
  if (!folder) return folder.error();

  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(&db.db(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  // Writes memory out to tables first, so that there is next to no log to copy.
  if (status.ok()) status = checkpoint->CreateCheckpoint(StoreIn(folder->path()));
  if (!status.ok()) return FromRocks("copy the store to " + folder->path(), status);

  BackupManifest manifest{.created = UnixClock::now(), .format = kFormatVersion};
  if (const Status summed = SumAll(StoreIn(folder->path()), watch, manifest); !summed) {
    return summed.error();
  }
  std::string first;
  const auto note = [&first](const Damage& damage) {
    if (first.empty()) first = damage.place + ": " + damage.problem;
  };
  const auto checked = CheckDirectory(StoreIn(folder->path()), note, watch);
  if (!checked) return checked.error();
  manifest.spans = checked->spans;
  const auto differing = CompareFiles(StoreIn(folder->path()), manifest, note, watch);
  if (!differing) return differing.error();
  if (!first.empty()) {
    return Error{Code::kCorrupt, "no backup was made, the copy is damaged: " + first +
                                     ". A check of the store says more"};
  }
  const Status written =
      WriteNewFile(folder->path() + "/" + kManifestName, FormatManifest(manifest));
  if (!written) return written.error();
  if (const Status synced = SyncDirectory(folder->path()); !synced) return synced.error();
  if (const Status named = RenameNew(folder->path(), destination); !named) return named.error();
  folder->Keep();
  report.files = manifest.files.size();
  report.bytes = TotalOf(manifest);
  report.spans = manifest.spans;
  return report;
}

Result<CheckReport> VerifyBackup(const std::string& path, const EachDamage& each,
                                 const Watch& watch) {
  CheckReport report;
  const auto tell = [&](const std::string& file, const std::string& problem, const char* remedy) {
    ++report.damages;
    each({"file " + file, problem, remedy});
  };
  const auto manifest = ReadManifest(path);
  if (!manifest && manifest.error().code == Code::kNotFound && HasStore(path)) {
    tell(kManifestName, "is missing", kAnother);
    return report;
  }
  if (!manifest && manifest.error().code == Code::kCorrupt) {
    tell(kManifestName, manifest.error().message, kAnother);
    return report;
  }
  if (!manifest) return manifest.error();
  const auto beside = ListDirectory(path);
  if (!beside) return beside.error();
  for (const std::string& name : *beside) {
    if (name == kManifestName || name == kBackupStore) continue;
    tell(name, "does not belong to the backup", "remove it, if it is not needed elsewhere");
  }
  if (!HasStore(path)) {
    tell(kBackupStore, "is missing", kAnother);
    return report;
  }
  const auto differing = CompareFiles(StoreIn(path), *manifest, each, watch);
  if (!differing) return differing.error();
  if (*differing > 0) {
    report.damages += *differing;
    return report;
  }
  auto checked = CheckDirectory(StoreIn(path), each, watch);
  if (checked) checked->damages += report.damages;
  return checked;
}

}  // namespace clew::store
