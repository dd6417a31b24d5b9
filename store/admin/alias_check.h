// Checks what the store knows of traces that are one: the families `alias` and `pending`.
#pragma once

#include <rocksdb/options.h>

#include "store/admin/reports.h"
#include "store/admin/watch.h"
#include "store/rocks_db.h"

namespace clew::store {

// Reads every row, and that those of a joined trace lead to each other. Rows that count no more
// (FirstAliasSequence) may go one by one. Errors: cancelled.
Status CheckAliases(RocksDb& db, const rocksdb::ReadOptions& options, const EachDamage& each,
                    const Watch& watch);

}  // namespace clew::store
