// The RocksDB database of the store: its column families, tuning, lock and errors. Only the
// engine includes this.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/engine/retention.h"

namespace clew::store {

// An open database and its families. A handle lives as long as this object.
class RocksDb {
 public:
  // Opens or creates the database in directory `path`. kUnavailable names the process that holds
  // it; kUnsupported says that another version of Clew wrote it; kCorrupt, kExhausted and others as
  // RocksDB reports them. `env`: where its files are, null for the system's; tests make it fail.
  static Result<std::unique_ptr<RocksDb>> Open(const std::string& path,
                                               rocksdb::Env* env = nullptr);
  // Opens the database as it is, without a change to any of its files and without its lock (see
  // DirectoryLock). kNotFound: there is none.
  enum class Reading {
    kStrict,   // kCorrupt when the log is damaged before its end or a table is missing or cut short
    kLenient,  // what is damaged fails when it is read, records of the log are passed over
  };
  static Result<std::unique_ptr<RocksDb>> OpenReadOnly(const std::string& path, Reading reading);
  ~RocksDb();

  rocksdb::DB& db() { return *db_; }
  // Of what is stored: an older one only when it was opened for reading.
  std::uint32_t format() const { return format_; }
  rocksdb::ColumnFamilyHandle* meta() const { return families_[0]; }
  rocksdb::ColumnFamilyHandle* hot() const { return families_[1]; }
  rocksdb::ColumnFamilyHandle* segment() const { return families_[2]; }
  rocksdb::ColumnFamilyHandle* filter() const { return families_[3]; }
  rocksdb::ColumnFamilyHandle* trace() const { return families_[4]; }
  // Null in a store that was opened for reading only and that never joined traces.
  rocksdb::ColumnFamilyHandle* alias() const { return Late(5); }
  rocksdb::ColumnFamilyHandle* pending() const { return Late(6); }
  // RocksDB takes no more writes, since one, or a flush or compaction of its own, has failed: until
  // it is opened again. It must not be asked to flush or to compact any more; after a log that could
  // not be made, 7.8.3 aborts the process then.
  bool stopped() const;
  DropForgottenTraces& forgotten() { return *forgotten_; }
  DropForgottenAliases& forgotten_aliases() { return *forgotten_aliases_; }
  const std::vector<rocksdb::ColumnFamilyHandle*>& families() const { return families_; }

 private:
  class Errors;

  RocksDb();
  Status CheckFormat(bool may_write);
  // A family that stores of before do not have.
  rocksdb::ColumnFamilyHandle* Late(std::size_t family) const {
    return family < families_.size() ? families_[family] : nullptr;
  }

  std::uint32_t format_ = kFormatVersion;
  std::unique_ptr<DropForgottenTraces> forgotten_;           // used by db_
  std::unique_ptr<DropForgottenAliases> forgotten_aliases_;  // as well
  std::shared_ptr<Errors> errors_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*>
      families_;  // in the order of kFamilies, perhaps without the last; destroyed before db_
};

// Keeps every other process from opening the database in a directory, while it is read without
// being opened for writing or its files are moved.
class DirectoryLock {
 public:
  // kUnavailable names the process that holds it. The directory must exist.
  static Result<std::unique_ptr<DirectoryLock>> Take(const std::string& path);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(rocksdb::FileLock* lock) : lock_(lock) {}
  rocksdb::FileLock* const lock_;
};

// Of a database that has stopped.
inline Error StoppedError() {
  return Error{Code::kUnavailable, "the database takes no more writes, since one has failed"};
}

// "{operation}: {what RocksDB says}", with the code that fits.
Error FromRocks(std::string_view operation, const rocksdb::Status& status);

}  // namespace clew::store
