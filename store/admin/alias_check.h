// Checks what the store knows of traces that are one: the families `alias` and `pending`.
#pragma once

#include <rocksdb/options.h>

#include <cstdint>

#include "store/admin/reports.h"
#include "store/admin/watch.h"
#include "store/rocks_db.h"

namespace clew::store {

// Reads every row, and that those of a joined trace lead to each other. Rows of appends before
// `first_sequence` count no more and may go one by one. Errors: cancelled.
Status CheckAliases(RocksDb& db, const rocksdb::ReadOptions& options, std::uint64_t first_sequence,
                    const EachDamage& each, const Watch& watch);

}  // namespace clew::store
