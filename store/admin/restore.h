// Makes a data directory of a backup.
#pragma once

#include <string>

#include "base/result.h"
#include "store/admin/reports.h"
#include "store/admin/watch.h"

namespace clew::store {

struct RestoreReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t spans = 0;
  std::string replaced;  // where what was there before is now; empty: nothing was
};

// Verifies the backup, copies its files (never links them: what is written later must not change
// the backup), verifies the copy, and gives it the name `directory` in one step. That must be
// absent or empty; with `replace` what is there is kept beside it under a dated name. Files belong
// to whom the directory belonged to. After a crash the directory is what it was, or the whole
// backup; a left-over "{directory}.restoring-*" can be removed. Errors: kUnavailable (a collector
// uses the directory), kInvalid (it is not empty; it is a mount point), kExhausted, kCorrupt (the
// backup is damaged), kNotFound, kUnsupported, kDenied, and that of a cancelled watch.
Result<RestoreReport> RestoreBackup(const std::string& backup, const std::string& directory,
                                    bool replace, const Watch& watch);

}  // namespace clew::store
