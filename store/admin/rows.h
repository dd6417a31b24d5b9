// Reads the rows of a family one after the other.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "store/rocks_db.h"

namespace clew::store {

// Calls `each` with the rows whose keys begin with `prefix`, which is taken off the key. Ends with
// the first error of `each`, or of a row that cannot be read.
Status EachRow(RocksDb& db, const rocksdb::ReadOptions& options,
               rocksdb::ColumnFamilyHandle* family, std::string_view prefix,
               const std::function<Status(std::string_view key, std::string_view value)>& each);

}  // namespace clew::store
