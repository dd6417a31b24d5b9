// The RocksDB database of the store: its column families, tuning, lock and errors. Only the
// engine includes this.
#pragma once

#include <rocksdb/db.h>

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
  ~RocksDb();

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* meta() const { return families_[0]; }
  rocksdb::ColumnFamilyHandle* hot() const { return families_[1]; }
  rocksdb::ColumnFamilyHandle* segment() const { return families_[2]; }
  rocksdb::ColumnFamilyHandle* filter() const { return families_[3]; }
  rocksdb::ColumnFamilyHandle* trace() const { return families_[4]; }
  rocksdb::ColumnFamilyHandle* alias() const { return families_[5]; }
  rocksdb::ColumnFamilyHandle* pending() const { return families_[6]; }
  DropForgottenTraces& forgotten() { return *forgotten_; }
  DropForgottenAliases& forgotten_aliases() { return *forgotten_aliases_; }
  const std::vector<rocksdb::ColumnFamilyHandle*>& families() const { return families_; }

 private:
  RocksDb() = default;
  Status CheckFormat();

  std::unique_ptr<DropForgottenTraces> forgotten_;  // used by db_
  std::unique_ptr<DropForgottenAliases> forgotten_aliases_;  // as well
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*>
      families_;  // in the order of kFamilies, destroyed before db_
};

// "{operation}: {what RocksDB says}", with the code that fits.
Error FromRocks(std::string_view operation, const rocksdb::Status& status);

}  // namespace clew::store
