// Walks the rows of a family whose keys are those of segments, beside the list of those that should
// be there, and gets over rows that cannot be read.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "store/keys.h"
#include "store/rocks_db.h"

namespace clew::store {

class RowWalk {
 public:
  // A row that nobody expects: what its key is, and why it is wrong.
  using EachStray = std::function<void(const std::string& name)>;

  RowWalk(RocksDb& db, const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
          EachStray stray);

  // The value of `key`, which is greater than that of the call before. kNotFound: there is none;
  // kCorrupt and others: it cannot be read. Rows before it are strays.
  Result<std::string> Find(const SegmentKey& key);
  // What is left are strays.
  Status Finish();

 private:
  void TellStraysBefore(const std::optional<std::string>& key);

  RocksDb& db_;
  const rocksdb::ReadOptions& options_;
  rocksdb::ColumnFamilyHandle* const family_;
  const EachStray stray_;
  const std::unique_ptr<rocksdb::Iterator> rows_;
};

}  // namespace clew::store
