// The database's traces, one after the other, for answers by looking at all of them.
#pragma once

#include "store/rocks_db.h"
#include "store/scan.h"

namespace clew::store {

// Every trace with all its spans. `db` must outlive the source.
TraceSource AllTraces(RocksDb& db);

}  // namespace clew::store
