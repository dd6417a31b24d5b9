#include "fault_env.h"

#include <filesystem>
#include <string_view>

namespace clew::store {

namespace {

constexpr std::string_view kTable = ".sst";

}  // namespace

class FaultEnv::File final : public rocksdb::WritableFileWrapper {
 public:
  File(FaultEnv& env, std::string path, std::unique_ptr<rocksdb::WritableFile> target)
      : WritableFileWrapper(target.get()),
        env_(env),
        path_(std::move(path)),
        target_(std::move(target)) {}

  rocksdb::Status Append(const rocksdb::Slice& data) override {
    switch (fault()) {
      case Fault::kNone:
        return target_->Append(data);
      case Fault::kError:
        return rocksdb::Status::IOError("injected");
      case Fault::kNoSpace:
        return rocksdb::Status::NoSpace("injected");
      case Fault::kTorn: {
        const rocksdb::Status half = target_->Append({data.data(), data.size() / 2});
        return half.ok() ? rocksdb::Status::IOError("injected") : half;
      }
    }
    return {};
  }
  rocksdb::Status Append(const rocksdb::Slice& data,
                         const rocksdb::DataVerificationInfo&) override {
    return Append(data);
  }
  rocksdb::Status Sync() override {
    if (fault() != Fault::kNone) return rocksdb::Status::IOError("injected");
    const rocksdb::Status status = target_->Sync();
    if (status.ok()) env_.Synced(path_, target_->GetFileSize());
    return status;
  }
  rocksdb::Status Fsync() override { return Sync(); }

 private:
  // RocksDB 7.8.3 with assertions, as Debian has it, aborts the process when a compaction cannot write
  // its table: for that there is the test of killed processes. Tables of flushes have a high priority.
  Fault fault() {
    const bool compaction = path_.ends_with(kTable) && target_->GetIOPriority() != rocksdb::Env::IO_HIGH;
    return compaction ? Fault::kNone : env_.fault();
  }

  FaultEnv& env_;
  const std::string path_;
  const std::unique_ptr<rocksdb::WritableFile> target_;
};

void FaultEnv::Set(Fault fault, int spared) {
  MutexLock lock(mutex_);
  fault_ = fault;
  spared_ = spared;
}

Fault FaultEnv::fault() {
  MutexLock lock(mutex_);
  if (spared_ == 0) return fault_;
  --spared_;
  return Fault::kNone;
}

void FaultEnv::Synced(const std::string& path, std::uint64_t size) {
  MutexLock lock(mutex_);
  synced_[path] = size;
}

rocksdb::Status FaultEnv::NewWritableFile(const std::string& path,
                                          std::unique_ptr<rocksdb::WritableFile>* file,
                                          const rocksdb::EnvOptions& options) {
  // Whose table it is, is known only when it is written.
  if (!path.ends_with(kTable) && fault() != Fault::kNone) {
    return rocksdb::Status::IOError("injected");
  }
  std::unique_ptr<rocksdb::WritableFile> target;
  const rocksdb::Status status = EnvWrapper::NewWritableFile(path, &target, options);
  if (!status.ok()) return status;
  Synced(path, 0);
  *file = std::make_unique<File>(*this, path, std::move(target));
  return status;
}

rocksdb::Status FaultEnv::RenameFile(const std::string& from, const std::string& to) {
  if (fault() != Fault::kNone) return rocksdb::Status::IOError("injected");
  const rocksdb::Status status = EnvWrapper::RenameFile(from, to);
  MutexLock lock(mutex_);
  if (const auto at = synced_.find(from); status.ok() && at != synced_.end()) {
    synced_[to] = at->second;
    synced_.erase(at);
  }
  return status;
}

void FaultEnv::DropUnsynced() {
  MutexLock lock(mutex_);
  for (const auto& [path, size] : synced_) {
    std::error_code gone;
    if (std::filesystem::file_size(path, gone) > size && !gone) {
      std::filesystem::resize_file(path, size);
    }
  }
  synced_.clear();
}

}  // namespace clew::store
