#include "store/admin/administration.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "store/admin/details.h"
#include "store/admin/directory_check.h"
#include "store/rocks_db.h"

namespace clew::store {
namespace {

// Each reads or rewrites everything: two at a time would only slow each other and the queries.
class OneAtATime {
 public:
  template <typename Run>
  auto Do(Run run) -> decltype(run()) {
    if (busy_.exchange(true)) {
      return Error{Code::kUnavailable, "another check, backup, compaction or retention is running"};
    }
    const Turn turn(busy_);
    return run();
  }

 private:
  // Ends also with an exception, which the server of the socket would only answer.
  class Turn {
   public:
    explicit Turn(std::atomic<bool>& busy) : busy_(busy) {}
    ~Turn() { busy_ = false; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    std::atomic<bool>& busy_;
  };
  std::atomic<bool> busy_{false};
};

Status RequireAbsolute(const std::string& path) {
  if (std::filesystem::path(path).is_absolute()) return {};
  return Error{Code::kInvalid, "not an absolute path: '" + path + "'"};
}

void Add(const RetentionReport::Tier& tier, RetentionReport::Tier& sum) {
  sum.spans += tier.spans;
  sum.traces += tier.traces;
  sum.bytes += tier.bytes;
}

void Pause(std::chrono::nanoseconds time, const Watch& watch) {
  constexpr std::chrono::nanoseconds kPoll = std::chrono::milliseconds(50);
  for (; time > time.zero() && !watch.Cancelled(); time -= kPoll) {
    std::this_thread::sleep_for(std::min(time, kPoll));
  }
}

// The store rewrites segments some at a time; this goes on until it has none left to rewrite.
// `shared`: between two rewritings everything else has its turn, for as long as one took. A thread
// that lets go of a lock and takes it again at once leaves none to sealing, which waits for it.
Result<RetentionReport> RetainAll(RocksStore& store, const RetentionPolicy& policy, bool dry_run,
                                  bool shared, const Watch& watch) {
  RetentionReport sum;
  for (;;) {
    if (watch.Cancelled()) return CancelledError();
    const auto begin = std::chrono::steady_clock::now();
    const auto report = store.Retain(policy, dry_run);
    if (!report) return report;
    sum.segments += report->segments;
    sum.spans += report->spans;
    sum.traces += report->traces;
    sum.bytes += report->bytes;
    sum.newest_start = std::max(sum.newest_start, report->newest_start);
    Add(report->sampled, sum.sampled);
    Add(report->without_errors, sum.without_errors);
    sum.rewritten += report->rewritten;
    watch.Report("segments rewritten", sum.rewritten, 0);
    if (dry_run || !report->more) return sum;
    if (shared) Pause(std::chrono::steady_clock::now() - begin, watch);
  }
}

class OpenStore final : public Administration {
 public:
  OpenStore(RocksStore& store, const RetentionPolicy& policy) : store_(store), policy_(policy) {}

  Result<CheckReport> Check(const EachDamage& each, const Watch& watch) override {
    return one_.Do([&] { return store_.Check(each, watch); });
  }
  Result<StoreDetails> Details() override { return store_.Details(); }
  Result<BackupReport> Backup(const std::string& destination, const Watch& watch) override {
    if (const Status absolute = RequireAbsolute(destination); !absolute) return absolute.error();
    return one_.Do([&] { return store_.Backup(destination, watch); });
  }
  Result<CompactReport> Compact(const Watch& watch) override {
    return one_.Do([&] { return store_.Compact(watch); });
  }
  Result<RetentionReport> Retain(const std::optional<RetentionPolicy>& policy, bool dry_run,
                                 const Watch& watch) override {
    return one_.Do(
        [&] { return RetainAll(store_, policy.value_or(policy_), dry_run, true, watch); });
  }

 private:
  RocksStore& store_;
  const RetentionPolicy policy_;
  OneAtATime one_;
};

class StoppedStore final : public Administration {
 public:
  explicit StoppedStore(std::string path) : path_(std::move(path)) {}

  Result<CheckReport> Check(const EachDamage& each, const Watch& watch) override {
    const auto lock = Lock();
    if (!lock) return lock.error();
    return CheckDirectory(path_, each, watch);
  }

  Result<StoreDetails> Details() override {
    const auto lock = Lock();
    if (!lock) return lock.error();
    const auto db = RocksDb::OpenReadOnly(path_, RocksDb::Reading::kStrict);
    if (!db) return db.error();
    return CollectDetails(**db, DbSnapshot((*db)->db()), path_);
  }

  Result<BackupReport> Backup(const std::string& destination, const Watch& watch) override {
    if (const Status absolute = RequireAbsolute(destination); !absolute) return absolute.error();
    const auto store = Open();
    if (!store) return store.error();
    return (*store)->Backup(destination, watch);
  }

  Result<CompactReport> Compact(const Watch& watch) override {
    const auto store = Open();
    if (!store) return store.error();
    return (*store)->Compact(watch);
  }

  Result<RetentionReport> Retain(const std::optional<RetentionPolicy>& policy, bool dry_run,
                                 const Watch& watch) override {
    if (!policy) {
      return Error{Code::kInvalid,
                   "no collector runs there whose policy could be meant: say what to keep"};
    }
    const auto store = Open();
    if (!store) return store.error();
    return RetainAll(**store, *policy, dry_run, false, watch);
  }

 private:
  Result<std::unique_ptr<DirectoryLock>> Lock() const {
    if (const Status found = FindStore(path_); !found) return found.error();
    return DirectoryLock::Take(path_);
  }
  // Not where there is none: opening would make one.
  Result<std::unique_ptr<RocksStore>> Open() const {
    if (const Status found = FindStore(path_); !found) return found.error();
    std::error_code error;
    if (!std::filesystem::exists(path_ + "/CURRENT", error)) {
      if (error) return ErrnoError("look into", path_, error.value());
      return Error{Code::kCorrupt, "the store in " + path_ + " has lost its file CURRENT"};
    }
    return OpenRocksStore({.path = path_, .min_free_bytes = 0});
  }

  const std::string path_;
};

}  // namespace

std::unique_ptr<Administration> AdministrationOf(RocksStore& store, const RetentionPolicy& policy) {
  return std::make_unique<OpenStore>(store, policy);
}

std::unique_ptr<Administration> AdministrationOfStopped(const std::string& path) {
  return std::make_unique<StoppedStore>(path);
}

}  // namespace clew::store
