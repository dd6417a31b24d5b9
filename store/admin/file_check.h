// Reads every table of the database and compares the checksums of its blocks.
#pragma once

#include "store/admin/reports.h"
#include "store/admin/watch.h"
#include "store/rocks_db.h"

namespace clew::store {

// Counts files and bytes into the report. A table that a compaction has replaced meanwhile is
// passed over. Memory: a block. The error is only ever that of a cancelled watch.
Status CheckFiles(RocksDb& db, const EachDamage& each, const Watch& watch, CheckReport& report);

}  // namespace clew::store
