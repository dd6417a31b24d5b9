// Checks a store that nobody writes, where it lies.
#pragma once

#include <string>

#include "base/result.h"
#include "store/admin/reports.h"
#include "store/admin/watch.h"

namespace clew::store {

// As CheckDatabase, without a change to any file of the directory. What keeps the database from
// being opened is damage, too. Memory: also what the write-ahead log holds. Errors: kNotFound (no
// store there), kUnsupported (written by another version), kDenied, and that of a cancelled watch.
// Nobody may write there meanwhile.
Result<CheckReport> CheckDirectory(const std::string& path, const EachDamage& each,
                                   const Watch& watch);

// kNotFound unless the directory has, or had, a store.
Status FindStore(const std::string& path);

}  // namespace clew::store
