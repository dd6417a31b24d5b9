// Data directories of format 2, where counts and calls were not told apart by the hour in which
// they came.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>

#include "base/result.h"

namespace clew::store {

inline constexpr std::uint32_t kFormat2 = 2;

// Makes format 3 of it: all counts and calls become those of the newest bucket, with which they
// go. Spans are not touched. May be interrupted and begun again. `meta`: the family `default`.
Status MigrateFormat2(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta);

}  // namespace clew::store
