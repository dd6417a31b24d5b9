// Reads everything that the store has on disk, and compares what refers to one another.
#pragma once

#include "store/admin/reports.h"
#include "store/admin/watch.h"
#include "store/engine/view.h"
#include "store/rocks_db.h"

namespace clew::store {

// Everything as of the snapshot: tables; metas, segments, filters and the index rows of their
// traces, each way; hot rows; counts and totals. Hands out each damage that it finds and reads on.
// Memory: the metas, and one segment unpacked, whatever the store holds. The error is only ever
// that of a cancelled watch.
Result<CheckReport> CheckDatabase(RocksDb& db, const DbSnapshot& snapshot, const EachDamage& each,
                                  const Watch& watch);

}  // namespace clew::store
