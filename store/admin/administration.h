// What those who keep a store can ask of it, wherever it is: open in this process, stopped, or in a
// collector (admin/remote).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/admin/reports.h"
#include "store/admin/watch.h"
#include "store/rocks_store.h"

namespace clew::store {

// Any thread. All but Details run one at a time: kUnavailable while another does.
class Administration {
 public:
  virtual ~Administration() = default;
  virtual Result<CheckReport> Check(const EachDamage& each, const Watch& watch) = 0;
  virtual Result<StoreDetails> Details() = 0;
  // `destination`: an absolute path, as the process sees it that has the store open.
  virtual Result<BackupReport> Backup(const std::string& destination, const Watch& watch) = 0;
  virtual Result<CompactReport> Compact(const Watch& watch) = 0;
  // Until there is nothing more to let go of. Without a policy: by the one that the store is kept
  // by, if there is one, else kInvalid.
  virtual Result<RetentionReport> Retain(const std::optional<RetentionPolicy>& policy, bool dry_run,
                                         const Watch& watch) = 0;
};

// Of an open store, which must outlive it.
std::unique_ptr<Administration> AdministrationOf(RocksStore& store, const RetentionPolicy& policy);

// Of a store that no process has open. Checks and details change none of its files. Every answer
// fails with kNotFound when there is none, with kUnavailable when a process has opened it.
std::unique_ptr<Administration> AdministrationOfStopped(const std::string& path);

}  // namespace clew::store
