// Rewrites the tables of the database, so that they hold nothing that was deleted.
#pragma once

#include <string>

#include "base/result.h"
#include "store/admin/reports.h"
#include "store/admin/watch.h"

namespace clew::store {

class RocksDb;

// Family by family, segments in pieces of some hundred MiB: the disk must have room for one of
// these at a time, beside what is there, else kExhausted. Spans are written and read meanwhile.
// What was done before an error or the end by `watch` stays done. `path`: of the database.
Result<CompactReport> CompactDatabase(RocksDb& db, const std::string& path, const Watch& watch);

}  // namespace clew::store
