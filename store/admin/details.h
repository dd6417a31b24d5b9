// What a store holds, by family and by bucket.
#pragma once

#include <string>

#include "base/result.h"
#include "store/admin/reports.h"
#include "store/engine/view.h"
#include "store/rocks_db.h"

namespace clew::store {

// As of the snapshot. `path`: of the database. Errors: kCorrupt and others, of rows that cannot be
// read.
Result<StoreDetails> CollectDetails(RocksDb& db, const DbSnapshot& snapshot,
                                    const std::string& path);

}  // namespace clew::store
