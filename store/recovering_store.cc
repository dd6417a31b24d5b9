#include "store/recovering_store.h"

#include <rocksdb/env.h>

#include <thread>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "store/admin/handover.h"
#include "store/gate.h"

namespace clew::store {
namespace {

Error OpeningAgain() {
  return Error{Code::kUnavailable,
               "the store is being opened again after a failed write; ask again in a moment"};
}

constexpr std::size_t kProbeBytes = 1 << 20;

// Opening writes what the logs hold out to tables. If it ended half-way nothing could be read any
// more, either.
bool HasRoomToOpen(rocksdb::Env& env, const std::string& path) {
  std::uint64_t free = 0;
  if (!env.GetFreeSpace(path, &free).ok()) return true;  // then it is not known
  std::vector<rocksdb::Env::FileAttributes> files;
  if (!env.GetChildrenFileAttributes(path, &files).ok()) return false;
  std::uint64_t needed = kProbeBytes;
  for (const auto& file : files) {
    if (file.name.ends_with(".log")) needed += file.size_bytes;
  }
  return free >= needed;
}

// A file can be written and synced beside the database.
bool DiskIsWell(const RocksStoreOptions& options) {
  rocksdb::Env& env = options.env != nullptr ? *options.env : *rocksdb::Env::Default();
  if (!HasRoomToOpen(env, options.path)) return false;
  const std::string path = options.path + "/clew-disk-probe";
  const rocksdb::Status written =
      rocksdb::WriteStringToFile(&env, std::string(kProbeBytes, 'x'), path, /*should_sync=*/true);
  return env.DeleteFile(path).ok() && written.ok();
}

// Refuses to go on when the store that it is of has been replaced.
class GuardedCursor final : public TraceCursor {
 public:
  GuardedCursor(Gate& gate, std::uint64_t generation, std::unique_ptr<TraceCursor> cursor)
      : gate_(gate), generation_(generation), cursor_(std::move(cursor)) {}
  Result<SpanBatch> Next() override {
    const auto use = gate_.Enter();
    if (!use || use->generation() != generation_) return OpeningAgain();
    return cursor_->Next();
  }

 private:
  Gate& gate_;
  const std::uint64_t generation_;
  const std::unique_ptr<TraceCursor> cursor_;
};

class RecoveringStore final : public RocksStore {
 public:
  RecoveringStore(std::function<Result<std::unique_ptr<RocksStore>>()> open,
                  std::unique_ptr<RocksStore> store, const RocksStoreOptions& options)
      : open_(std::move(open)),
        options_(options),
        store_(std::move(store)),
        thread_([this] { TryDisk(); }) {}
  ~RecoveringStore() override {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }

  Status Append(const SpanBatch& batch) override {
    return Ask([&](RocksStore& store) { return store.Append(batch); });
  }
  Result<std::unique_ptr<TraceCursor>> OpenTrace(const TraceId& trace) override {
    const auto use = gate_.Enter();
    if (!use) return OpeningAgain();
    auto cursor = store_->OpenTrace(trace);
    if (!cursor) return cursor.error();
    return std::unique_ptr<TraceCursor>(
        std::make_unique<GuardedCursor>(gate_, use->generation(), *std::move(cursor)));
  }
  Result<std::vector<TraceId>> FindByPrefix(const std::string& hex_prefix,
                                            std::size_t limit) override {
    return Ask([&](RocksStore& store) { return store.FindByPrefix(hex_prefix, limit); });
  }
  // One that is under way is ended when the store is to be opened again.
  Result<Page> Search(const Query& query, const Budget& budget) override {
    Budget mine = budget;
    mine.cancelled = [&] { return gate_.closed() || (budget.cancelled && budget.cancelled()); };
    return Ask([&](RocksStore& store) -> Result<Page> {
      auto page = store.Search(query, mine);
      // The gate stays as it is until we have left.
      if (page && page->partial == Partial::kCancelled && gate_.closed()) return OpeningAgain();
      return page;
    });
  }
  Result<std::vector<ServiceInfo>> Services() override {
    return Ask([](RocksStore& store) { return store.Services(); });
  }
  Result<Listing<OperationInfo>> Operations(const std::string& service) override {
    return Ask([&](RocksStore& store) { return store.Operations(service); });
  }
  Result<Listing<AttributeKeyInfo>> AttributeKeys() override {
    return Ask([](RocksStore& store) { return store.AttributeKeys(); });
  }
  Result<DependencyGraph> Dependencies(UnixNanos start_min, UnixNanos start_max) override {
    return Ask([&](RocksStore& store) { return store.Dependencies(start_min, start_max); });
  }
  // While the store is closed: as it was.
  StoreStats Stats() override {
    const auto use = gate_.Enter();
    MutexLock lock(mutex_);
    if (use) stats_ = store_->Stats();
    return stats_;
  }
  Status Seal() override {
    return Ask([](RocksStore& store) { return store.Seal(); });
  }
  Health GetHealth() override {
    const auto use = gate_.Enter();
    Health health;
    if (use) {
      health = store_->GetHealth();
    } else {
      health.writable = false;
      health.refusal = OpeningAgain().message;
    }
    health.reopens = reopens_;
    return health;
  }
  Result<RetentionReport> Retain(const RetentionPolicy& policy, bool dry_run) override {
    return Ask([&](RocksStore& store) { return store.Retain(policy, dry_run); });
  }
  // Those that read or write everything are ended when the store is to be opened again, even while
  // somebody takes his time to hear what they tell.
  Result<CheckReport> Check(const EachDamage& each, const Watch& watch) override {
    return AskApart(each, watch, [](RocksStore& store, const auto& found, const auto& ending) {
      return store.Check(found, ending);
    });
  }
  Result<BackupReport> Backup(const std::string& destination, const Watch& watch) override {
    return AskApart({}, watch, [&](RocksStore& store, const auto&, const auto& ending) {
      return store.Backup(destination, ending);
    });
  }
  Result<CompactReport> Compact(const Watch& watch) override {
    return AskApart({}, watch, [](RocksStore& store, const auto&, const auto& ending) {
      return store.Compact(ending);
    });
  }
  Result<StoreDetails> Details() override {
    return Ask([](RocksStore& store) { return store.Details(); });
  }

 private:
  template <typename F>
  auto Ask(F ask) -> decltype(ask(std::declval<RocksStore&>())) {
    const auto use = gate_.Enter();
    if (!use) return OpeningAgain();
    return ask(*store_);
  }

  template <typename F>
  auto AskApart(const EachDamage& each, const Watch& watch, F ask)
      -> decltype(ask(std::declval<RocksStore&>(), each, watch)) {
    return RunApart(
        each, watch, [this] { return gate_.closed(); },
        [&](const EachDamage& found, const Watch& ending) {
          return Ask([&](RocksStore& store) {
            auto answer = ask(store, found, ending);
            // The gate stays as it is until we have left.
            if (!answer && gate_.closed()) answer = OpeningAgain();
            return answer;
          });
        });
  }

  // Until this store is closed.
  void TryDisk() {
    for (;;) {
      {
        MutexLock lock(mutex_);
        wake_.wait_for(mutex_, options_.recovery_interval,
                       [this]() REQUIRES(mutex_) { return stopping_; });
        if (stopping_) return;
      }
      if (store_ != nullptr && store_->GetHealth().writable) {
        told_ = false;
        continue;
      }
      if (!told_) LOG_ERROR("a write has failed: refusing spans until the disk is well again");
      told_ = true;
      if (DiskIsWell(options_)) OpenAgain();
    }
  }

  void OpenAgain() {
    if (store_ != nullptr) {
      gate_.Close();
      store_.reset();
    }
    auto opened = open_();
    if (!opened) {
      if (opened.error().message != reason_) {
        reason_ = opened.error().message;
        LOG_ERROR("the store cannot be opened again yet", {"error", reason_});
      }
      return;
    }
    store_ = *std::move(opened);
    reason_.clear();
    ++reopens_;
    gate_.Open();
    LOG_INFO("opened the store again after a failed write");
  }

  const std::function<Result<std::unique_ptr<RocksStore>>()> open_;
  const RocksStoreOptions options_;
  Gate gate_;
  // Replaced by the watching thread while the gate is closed; null while it could not be opened.
  std::unique_ptr<RocksStore> store_;
  // Of the watching thread: what it has logged.
  bool told_ = false;
  std::string reason_;
  std::atomic<std::uint64_t> reopens_{0};
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  StoreStats stats_ GUARDED_BY(mutex_);
  std::jthread thread_;  // last: ends before the rest goes
};

}  // namespace

Result<std::unique_ptr<RocksStore>> OpenRecovering(
    std::function<Result<std::unique_ptr<RocksStore>>()> open, const RocksStoreOptions& options) {
  auto store = open();
  if (!store) return store.error();
  return std::unique_ptr<RocksStore>(
      std::make_unique<RecoveringStore>(std::move(open), *std::move(store), options));
}

}  // namespace clew::store
