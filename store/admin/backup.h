// Backups: a copy of the database in a directory of its own, with a manifest that says what
// belongs to it.
//
//   BACKUP/clew-backup.manifest     see manifest.h
//   BACKUP/store/                   the files of the database; never to be used in place
#pragma once

#include <string>

#include "base/result.h"
#include "store/admin/files.h"
#include "store/admin/reports.h"
#include "store/admin/watch.h"

namespace clew::store {

class RocksDb;

// Makes a backup of everything that was acknowledged before the call, while others write: at first
// under another name beside `destination`, and only when it has been read back and checked under
// that name. `store`: the directory of the database. Tables are linked on the same file system,
// since they never change, and copied to another one. Errors: kInvalid (the destination exists or
// its folder does not), kExhausted (the disk is too small), kDenied, kCorrupt (the store is
// damaged: there is no backup of it then), and that of a cancelled watch.
Result<BackupReport> MakeBackup(RocksDb& db, const std::string& store,
                                const std::string& destination, const Watch& watch);

// Compares a backup with its manifest, by name: damaged, cut, missing and surplus files. When they
// are what was written, checks the store in them as CheckDirectory. Changes nothing. Errors:
// kNotFound (no backup there), kUnsupported, kDenied, and that of a cancelled watch.
Result<CheckReport> VerifyBackup(const std::string& path, const EachDamage& each,
                                 const Watch& watch);

// For restoring. kNotFound: no backup there; kCorrupt, kUnsupported: as ParseManifest, with the
// place.
Result<BackupManifest> ReadManifest(const std::string& backup);

// kExhausted unless the disk of `directory` takes so many bytes and keeps some.
Status RequireFree(const std::string& directory, std::uint64_t bytes);

}  // namespace clew::store
