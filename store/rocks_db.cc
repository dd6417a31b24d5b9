#include "store/rocks_db.h"

#include <fcntl.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/bytes.h"
#include "base/fd.h"
#include "store/format_2.h"
#include "store/keys.h"

namespace clew::store {
namespace {

constexpr std::size_t kMiB = 1 << 20;
constexpr std::array<const char*, 7> kFamilies = {"default", "hot",   "segment", "filter",
                                                  "trace",   "alias", "pending"};
constexpr std::size_t kFirstFamilies = 5;  // that every store has
constexpr std::uint64_t kAliasRewriteSeconds = 24 * 3600;

rocksdb::DBOptions DatabaseOptions() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_background_jobs = 2;
  options.bytes_per_sync =
      kMiB;  // flushes reach the disk evenly, so that they do not delay the log's sync
  options.max_open_files = 1024;
  // A family that is written rarely (meta) would keep old logs alive for ever.
  options.max_total_wal_size = 256 * kMiB;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 16 * kMiB;
  // We open again after errors; what RocksDB does by itself can abort the process (see
  // Writer::Repair).
  options.max_bgerror_resume_count = 0;
  // Recovery replays the log up to the first record that is not whole. All that was synced, and so
  // acknowledged, lies before what a crash of the machine can tear.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return options;
}

rocksdb::BlockBasedTableOptions TableOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 16 * 1024;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  return table;
}

rocksdb::ColumnFamilyOptions FamilyOptions(const rocksdb::BlockBasedTableOptions& table,
                                           std::size_t write_buffer) {
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
  options.write_buffer_size = write_buffer;
  options.max_write_buffer_number = 4;
  options.compression = rocksdb::kZSTD;
  options.compression_opts.level = 1;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> Families(
    const DropForgottenTraces& forgotten, const DropForgottenAliases& forgotten_aliases) {
  const auto table = TableOptions(rocksdb::NewLRUCache(128 * kMiB));

  // Rows come and go in order of their keys, and most are gone before they leave memory: what does
  // is read again at the next start at most.
  auto hot = FamilyOptions(table, 32 * kMiB);
  hot.max_write_buffer_number = 2;
  hot.compression = rocksdb::kNoCompression;

  // Compressed already. Keys rise, so that tables move down the levels without being rewritten; a
  // table holds one segment in each block.
  auto segment = FamilyOptions(table, 16 * kMiB);
  segment.compression = rocksdb::kNoCompression;
  segment.compaction_style = rocksdb::kCompactionStyleLevel;

  auto filter = segment;
  filter.write_buffer_size = 8 * kMiB;

  // Random keys: rewriting them is what they cost. Most traces that are looked up while writing are
  // new, which the filters answer.
  auto trace = FamilyOptions(table, 16 * kMiB);
  trace.memtable_whole_key_filtering = true;
  trace.memtable_prefix_bloom_size_ratio = 0.05;
  trace.compaction_filter = &forgotten;

  // Random keys, few and small. Rows of what is gone go when they are rewritten, at least once a
  // day.
  auto alias = FamilyOptions(table, 8 * kMiB);
  alias.memtable_whole_key_filtering = true;
  alias.memtable_prefix_bloom_size_ratio = 0.05;
  alias.compaction_filter = &forgotten_aliases;
  alias.periodic_compaction_seconds = kAliasRewriteSeconds;

  // As hot, but smaller.
  auto pending = FamilyOptions(table, 8 * kMiB);

  return {{kFamilies[0], FamilyOptions(table, 8 * kMiB)},
          {kFamilies[1], hot},
          {kFamilies[2], segment},
          {kFamilies[3], filter},
          {kFamilies[4], trace},
          {kFamilies[5], alias},
          {kFamilies[6], pending}};
}

// "process 4711 (clew-collector)" when another process holds RocksDB's lock on `path`, else empty.
// Must not be called while this process holds it: closing a second descriptor would release it.
std::string LockHolder(const std::string& path) {
  const Fd lock_file(::open((path + "/LOCK").c_str(), O_RDWR | O_CLOEXEC));
  if (!lock_file.valid()) return {};
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(lock_file.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return {};
  const std::string pid = std::to_string(lock.l_pid);
  std::string name;
  std::ifstream comm("/proc/" + pid + "/comm");
  std::getline(comm, name);
  return "process " + pid + (name.empty() ? "" : " (" + name + ")");
}

Error OpenError(const std::string& path, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (text.find("lock hold by current process") != std::string::npos) {
    return Error{Code::kUnavailable, "data directory " + path + " is open in this process already"};
  }
  if (text.find("While lock file") != std::string::npos) {
    const std::string holder = LockHolder(path);
    if (!holder.empty()) {
      return Error{Code::kUnavailable, "data directory " + path + " is in use by " + holder};
    }
  }
  return FromRocks("open data directory " + path, status);
}

// How many of kFamilies the database in `path` has: those that came later may not be there, until
// it is opened to be written. Nothing: there is no database. A database with families that we do
// not know was written by a later version; RocksDB would only say that they were not opened.
Result<std::optional<std::size_t>> CountFamilies(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path + "/CURRENT", error)) {
    if (error) return ErrnoError("look into", path, error.value());
    return std::optional<std::size_t>();
  }
  std::vector<std::string> found;
  const rocksdb::Status status = rocksdb::DB::ListColumnFamilies({}, path, &found);
  if (!status.ok()) return OpenError(path, status);
  for (const std::string& name : found) {
    if (std::find(kFamilies.begin(), kFamilies.end(), name) == kFamilies.end()) {
      return Error{Code::kUnsupported, "data directory " + path + " has a column family \"" + name +
                                           "\" that this version does not know: another version of "
                                           "Clew wrote it. Use that one, or an empty directory"};
    }
  }
  std::size_t count = kFirstFamilies;
  while (count < kFamilies.size() &&
         std::find(found.begin(), found.end(), kFamilies[count]) != found.end()) {
    ++count;
  }
  return std::optional(count);
}

// RocksDB would write its log into a directory that is only to be read.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

Error FromRocks(std::string_view operation, const rocksdb::Status& status) {
  Code code = Code::kInternal;
  if (status.IsCorruption()) {
    code = Code::kCorrupt;
  } else if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace) {
    code = Code::kExhausted;
  } else if (status.IsIOError() || status.IsBusy() || status.IsShutdownInProgress() ||
             status.IsTryAgain()) {
    code = Code::kUnavailable;
  }
  return Error{code, std::string(operation) + ": " + status.ToString()};
}

// Hears of every failure of RocksDB, in whatever thread.
class RocksDb::Errors final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    if (status->severity() >= rocksdb::Status::kHardError) stopped_ = true;
  }
  bool stopped() const { return stopped_; }

 private:
  std::atomic<bool> stopped_{false};
};

RocksDb::RocksDb() : errors_(std::make_shared<Errors>()) {}

bool RocksDb::stopped() const { return errors_->stopped(); }

Result<std::unique_ptr<RocksDb>> RocksDb::Open(const std::string& path, rocksdb::Env* env) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return ErrnoError("create data directory", path, error.value());
  if (const auto known = CountFamilies(path); !known) return known.error();

  std::unique_ptr<RocksDb> self(new RocksDb);
  self->forgotten_ = std::make_unique<DropForgottenTraces>();
  self->forgotten_aliases_ = std::make_unique<DropForgottenAliases>();
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions options = DatabaseOptions();
  if (env != nullptr) options.env = env;
  options.listeners.push_back(self->errors_);
  const rocksdb::Status status = rocksdb::DB::Open(
      options, path, Families(*self->forgotten_, *self->forgotten_aliases_), &self->families_, &db);
  if (!status.ok()) return OpenError(path, status);
  self->db_.reset(db);
  if (const Status format = self->CheckFormat(true); !format) return format.error();
  return self;
}

Result<std::unique_ptr<RocksDb>> RocksDb::OpenReadOnly(const std::string& path, Reading reading) {
  const auto count = CountFamilies(path);
  if (!count) return count.error();
  if (!*count) return Error{Code::kNotFound, "no store in " + path};
  std::unique_ptr<RocksDb> self(new RocksDb);
  self->forgotten_ = std::make_unique<DropForgottenTraces>();
  self->forgotten_aliases_ = std::make_unique<DropForgottenAliases>();
  auto families = Families(*self->forgotten_, *self->forgotten_aliases_);
  families.resize(**count);
  rocksdb::DBOptions options = DatabaseOptions();
  options.create_if_missing = false;
  options.create_missing_column_families = false;
  options.paranoid_checks = reading == Reading::kStrict;
  // What a crash has torn at the end of the log was never acknowledged.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.info_log = std::make_shared<NoLog>();
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(options, path, families, &self->families_, &db);
  if (!status.ok()) return OpenError(path, status);
  self->db_.reset(db);
  const Status format = self->CheckFormat(false);
  const bool unread = !format && format.error().code != Code::kUnsupported;
  if (!format && !(unread && reading == Reading::kLenient)) return format.error();
  return self;
}

Result<std::unique_ptr<DirectoryLock>> DirectoryLock::Take(const std::string& path) {
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status status = rocksdb::Env::Default()->LockFile(path + "/LOCK", &lock);
  if (!status.ok()) return OpenError(path, status);
  return std::unique_ptr<DirectoryLock>(new DirectoryLock(lock));
}

DirectoryLock::~DirectoryLock() {
  rocksdb::Env::Default()->UnlockFile(lock_).PermitUncheckedError();
}

RocksDb::~RocksDb() {
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
}

// Reads the format version, or writes ours into a new database.
Status RocksDb::CheckFormat(bool may_write) {
  std::string stored;
  const rocksdb::Slice key(kFormatKey.data(), kFormatKey.size());
  const rocksdb::Status status = db_->Get({}, meta(), key, &stored);
  if (status.IsNotFound() && may_write) {
    AppendU32be(stored, kFormatVersion);
    rocksdb::WriteOptions durable;
    durable.sync = true;
    const rocksdb::Status put = db_->Put(durable, meta(), key, stored);
    return put.ok() ? Status{} : FromRocks("write format version", put);
  }
  if (!status.ok()) return FromRocks("read format version", status);
  const auto version = ByteCursor(stored).U32be();
  if (!version) return Error{Code::kCorrupt, "stored format version: not a number"};
  format_ = *version;
  if (format_ == kFormat2) {
    if (!may_write) return {};
    format_ = kFormatVersion;
    return MigrateFormat2(*db_, meta());
  }
  if (*version != kFormatVersion) {
    return Error{Code::kUnsupported, "data directory has store format " + std::to_string(*version) +
                                         "; this version of Clew reads formats " +
                                         std::to_string(kFormat2) + " and " +
                                         std::to_string(kFormatVersion) +
                                         ". Use the version that wrote it, or an empty directory"};
  }
  return {};
}

}  // namespace clew::store
