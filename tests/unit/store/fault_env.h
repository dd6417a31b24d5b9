// A file system that fails on demand, and one that forgets what was not synced.
#pragma once

#include <rocksdb/env.h>

#include <atomic>
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
  // What is said of the disk's free space, whatever it has; and how often it was asked.
  void SetFree(std::uint64_t bytes) { free_ = bytes; }
  int times_asked() const { return times_asked_; }
  rocksdb::Status GetFreeSpace(const std::string&, std::uint64_t* bytes) override {
    ++times_asked_;
    *bytes = free_;
    return rocksdb::Status::OK();
  }

 private:
  class File;
  Fault fault();  // of the write that asks for it
  void Synced(const std::string& path, std::uint64_t size);

  std::atomic<std::uint64_t> free_{1ull << 40};
  std::atomic<int> times_asked_{0};
  Mutex mutex_;
  Fault fault_ GUARDED_BY(mutex_) = Fault::kNone;
  int spared_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::uint64_t> synced_ GUARDED_BY(mutex_);  // bytes of each file
};

}  // namespace clew::store
