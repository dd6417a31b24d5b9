// A file system that fails on demand, and one that forgets what was not synced.
#pragma once

#include <rocksdb/env.h>

#include <cstdint>
#include <map>
#include <string>

#include "base/mutex.h"

namespace clew::store {

enum class Fault {
  kNone,
  kError,    // a write fails
  kNoSpace,  // a write fails for want of space
  kTorn,     // half of a write is done, then it fails
};

class FaultEnv final : public rocksdb::EnvWrapper {
 public:
  FaultEnv() : EnvWrapper(rocksdb::Env::Default()) {}

  // Of all writes from now on but the first `spared`, and but those of compactions.
  void Set(Fault fault, int spared = 0);
  // As after a loss of power: of every file that was written through this only what was synced
  // remains. The store must be closed, with writes failing since the moment that is to be the last.
  void DropUnsynced();

  rocksdb::Status NewWritableFile(const std::string& path,
                                  std::unique_ptr<rocksdb::WritableFile>* file,
                                  const rocksdb::EnvOptions& options) override;
  rocksdb::Status RenameFile(const std::string& from, const std::string& to) override;

 private:
  class File;
  Fault fault();  // of the write that asks for it
  void Synced(const std::string& path, std::uint64_t size);

  Mutex mutex_;
  Fault fault_ GUARDED_BY(mutex_) = Fault::kNone;
  int spared_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::uint64_t> synced_ GUARDED_BY(mutex_);  // bytes of each file
};

}  // namespace clew::store
