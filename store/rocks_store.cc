#include "store/rocks_store.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/log.h"
#include "store/admin/backup.h"
#include "store/admin/compact.h"
#include "store/admin/database_check.h"
#include "store/admin/details.h"
#include "store/engine/family_cursor.h"
#include "store/engine/freed_space.h"
#include "store/engine/judge.h"
#include "store/engine/retention.h"
#include "store/engine/sealed_counts.h"
#include "store/engine/search.h"
#include "store/engine/segment_cache.h"
#include "store/engine/trace_parts.h"
#include "store/engine/visible.h"
#include "store/engine/work_pool.h"
#include "store/engine/writer.h"
#include "store/recovering_store.h"
#include "store/rocks_db.h"

namespace clew::store {
namespace {

constexpr std::chrono::hours kHour{1};

std::uint32_t HourOf(UnixNanos time) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::hours>(std::max(time, UnixNanos{}).time_since_epoch())
          .count());
}

Result<Catalog> ReadCatalog(RocksDb& db) {
  Catalog catalog;
  const std::unique_ptr<rocksdb::Iterator> rows(db.db().NewIterator({}, db.meta()));
  for (rows->Seek({kMetaPrefix.data(), kMetaPrefix.size()}); rows->Valid(); rows->Next()) {
    const std::string_view row = rows->key().ToStringView();
    if (!row.starts_with(kMetaPrefix)) break;
    const auto key = DecodeSegmentKey(row.substr(kMetaPrefix.size()));
    if (!key) return Error{Code::kCorrupt, "stored key of a segment: wrong shape"};
    const auto meta = DecodeSegmentMeta(*key, rows->value().ToStringView());
    if (!meta) return Error{meta.error().code, NameOf(*key) + ": " + meta.error().message};
    catalog.emplace(*key, std::make_shared<const SegmentMeta>(*meta));
  }
  if (!rows->status().ok()) return FromRocks("read segment metas", rows->status());
  return catalog;
}

class Engine final : public RocksStore {
 public:
  Engine(std::unique_ptr<RocksDb> db, Catalog catalog, const RocksStoreOptions& options)
      : path_(options.path),
        clock_(options.clock),
        db_(std::move(db)),
        cache_(*db_, options.segment_cache_bytes),
        visible_(*db_, std::move(catalog)),
        counts_(*db_),
        pool_(options.search_threads - 1) {}

  ~Engine() override {
    writer_.reset();
    if (db_->stopped()) return;  // nothing is lost: the log has it all
    const rocksdb::Status status = db_->db().Flush({}, db_->families());
    if (!status.ok()) LOG_WARN("flush at close failed", {"error", status.ToString()});
  }

  Status Start(const RocksStoreOptions& options) {
    if (const Status loaded = counts_.Load(); !loaded) return loaded;
    WriterOptions writer{.path = options.path,
                         .min_free_bytes = options.min_free_bytes,
                         .state_bytes = options.state_bytes,
                         .seal_spans = options.seal_spans,
                         .seal_age = options.seal_age,
                         .clock = options.clock};
    writer.seal.rows = options.segment_rows;
    if (const Status read = aliases_.Load(); !read) return read;
    auto made = Writer::Make(*db_, visible_, counts_, parts_, cache_, aliases_, std::move(writer));
    if (!made) return made.error();
    writer_ = *std::move(made);
    return {};
  }

  Status Append(const SpanBatch& batch) override { return writer_->Append(batch); }
  Status Seal() override { return writer_->SealAll(); }

  Result<std::unique_ptr<TraceCursor>> OpenTrace(const TraceId& trace) override {
    View view = visible_.Take();
    auto family = aliases_.Of(view, trace, view.sequence);
    if (!family) return family.error();
    return OpenFamily(parts_, std::move(view), *std::move(family));
  }
  Result<Page> Search(const Query& query, const Budget& budget) override {
    return searcher_.Search(visible_.Take(), query, budget);
  }

  Result<std::vector<TraceId>> FindByPrefix(const std::string& hex_prefix,
                                            std::size_t limit) override {
    // An odd number of digits ends in half a byte: seek to it with a zero, compare as text.
    std::string padded = hex_prefix;
    padded.resize(2 * TraceId::kSize, '0');
    const auto first = TraceId::FromHex(padded);
    if (!first || hex_prefix.size() > padded.size()) {
      return Error{Code::kInvalid, "a trace id has up to 32 hex digits: " + hex_prefix};
    }
    const View view = visible_.Take();
    std::set<TraceId> found;
    const auto fits = [&](const TraceId& trace) { return trace.ToHex().starts_with(hex_prefix); };
    for (const auto& chunk : *view.hot) {
      for (const SpanRecord& span : chunk->spans()) {
        if (fits(span.trace_id)) found.insert(span.trace_id);
      }
    }
    const std::unique_ptr<rocksdb::Iterator> rows(
        db_->db().NewIterator(view.snapshot->options(), db_->trace()));
    std::size_t sealed = 0;
    for (rows->Seek({first->View().data(), TraceId::kSize}); rows->Valid() && sealed < limit;
         rows->Next()) {
      const auto trace = TraceId::FromBytes(rows->key().ToStringView());
      if (!trace) return Error{Code::kCorrupt, "stored trace key: wrong size"};
      if (!fits(*trace)) break;
      const auto parts = DecodeParts(rows->value().ToStringView());
      const auto is_there = [&](const SegmentKey& key) { return view.catalog->contains(key); };
      if (!parts || !std::any_of(parts->begin(), parts->end(), is_there)) continue;
      found.insert(*trace);
      ++sealed;
    }
    if (!rows->status().ok()) return FromRocks("look for trace ids", rows->status());
    std::vector<TraceId> list(found.begin(), found.end());
    if (list.size() > limit) list.resize(limit);
    return list;
  }

  Result<std::vector<ServiceInfo>> Services() override {
    const Counts counts = AllCounts();
    std::vector<ServiceInfo> services;
    for (const auto& [name, service] : counts.services) {
      services.push_back({name, service.spans, service.last_seen});
    }
    return services;
  }

  Result<Listing<OperationInfo>> Operations(const std::string& service) override {
    const Counts counts = AllCounts();
    Listing<OperationInfo> listing;
    const auto at = counts.services.find(service);
    if (at == counts.services.end()) return listing;
    for (const auto& [key, operation] : at->second.operations) {
      listing.items.push_back({key.first, key.second, operation.spans, operation.last_seen});
    }
    listing.truncated = at->second.truncated;
    return listing;
  }

  Result<Listing<AttributeKeyInfo>> AttributeKeys() override {
    const Counts counts = AllCounts();
    Listing<AttributeKeyInfo> listing;
    for (const auto& [key, spans] : counts.keys) {
      listing.items.push_back({key.first, key.second, spans});
    }
    listing.truncated = counts.keys_truncated;
    return listing;
  }

  Result<DependencyGraph> Dependencies(UnixNanos start_min, UnixNanos start_max) override {
    const View view = visible_.Take();
    const std::uint32_t first = HourOf(start_min);
    const std::uint32_t last = HourOf(start_max);
    CallTotals totals;
    if (const Status read = counts_.AddEdges(view, first, last, totals); !read) return read.error();
    for (const auto& chunk : *view.hot) totals.Add(chunk->calls(), first, last);
    DependencyGraph graph = totals.Graph();
    graph.start_min = UnixNanos(first * kHour);
    const UnixNanos end_of_time = UnixNanos::max() - kHour;
    graph.start_max = start_max > end_of_time
                          ? UnixNanos::max()
                          : UnixNanos((last + 1) * kHour) - std::chrono::nanoseconds(1);
    return graph;
  }

  StoreStats Stats() override {
    const WriterStats written = writer_->stats();
    const View view = visible_.Take();
    UnixNanos oldest = UnixNanos::max();
    for (const auto& [unused, meta] : *view.catalog) oldest = std::min(oldest, meta->min_start);
    for (const auto& chunk : *view.hot) {
      for (const SpanRecord& span : chunk->spans()) oldest = std::min(oldest, span.start);
    }
    if (oldest == UnixNanos::max()) oldest = {};
    return {written.spans, written.traces, BytesOnDisk(), oldest, written.joins};
  }

  Result<RetentionReport> Retain(const RetentionPolicy& policy, bool dry_run) override {
    std::error_code error;
    const auto space = std::filesystem::space(path_, error);
    if (error) return ErrnoError("ask for free space of", path_, error.value());
    if (dry_run) return WouldRetain(policy, space.available);
    auto dropped = writer_->Drop(policy, space.available);
    if (!dropped) return dropped.error();
    if (!dropped->drop.empty()) freed_.Add(dropped->drop.front(), dropped->drop.back(), true);
    const auto rewritten = writer_->Rewrite(policy);
    if (!rewritten) return rewritten.error();
    if (rewritten->bucket) freed_.Add({*rewritten->bucket, 0}, {*rewritten->bucket, ~0ull}, false);
    if (const Status freed = freed_.Free(); !freed) return freed.error();
    RetentionReport report = dropped->report;
    report.sampled = rewritten->report.sampled;
    report.without_errors = rewritten->report.without_errors;
    report.rewritten = rewritten->report.rewritten;
    report.more = rewritten->report.more;
    return report;
  }

  Result<CheckReport> Check(const EachDamage& each, const Watch& watch) override {
    return CheckDatabase(*db_, DbSnapshot(db_->db()), each, watch);
  }
  Result<BackupReport> Backup(const std::string& destination, const Watch& watch) override {
    return MakeBackup(*db_, path_, destination, watch);
  }
  Result<CompactReport> Compact(const Watch& watch) override {
    return CompactDatabase(*db_, path_, watch);
  }
  Result<StoreDetails> Details() override {
    auto details = CollectDetails(*db_, DbSnapshot(db_->db()), path_);
    if (details) details->seal_lag = writer_->stats().longest_seal_lag;
    return details;
  }

  Health GetHealth() override {
    const WriterStats written = writer_->stats();
    return {.hot_spans = written.hot_spans,
            .segments = visible_.Take().catalog->size(),
            .seals = written.seals,
            .exact_spans = written.exact_spans,
            .longest_seal_lag = written.longest_seal_lag,
            .writable = written.writable,
            .refusal = written.refusal};
  }

 private:
  // Of what is sealed, and of the hot spans one by one.
  Counts AllCounts() {
    Counts counts;
    const View view = visible_.Take([&] { counts = counts_.All(); });
    SpanCounter counter(counts);
    for (const auto& chunk : *view.hot) {
      for (const SpanRecord& span : chunk->spans()) counter.Add(span);
    }
    counter.Finish();
    return counts;
  }

  RetentionReport WouldRetain(const RetentionPolicy& policy, std::uint64_t free_bytes) {
    const View view = visible_.Take();
    const UnixNanos now = clock_();
    RetentionPlan plan = PlanRetention(*view.catalog, policy, now, free_bytes);
    const Tiers tiers(policy, now);
    FamilyStandings families(view, parts_, aliases_);
    for (const auto& [key, meta] : *view.catalog) {
      if (plan.buckets.contains(key.bucket) || !tiers.IsDue(*meta)) continue;
      const auto segment = cache_.Read(view, key);
      if (!segment) continue;  // it will stay as it is, too
      const auto verdicts = Judge(view, parts_, families, **segment, key, tiers);
      if (verdicts) AddLosses(*verdicts, *meta, plan.report);
    }
    return plan.report;
  }

  // Tables and the log that has not been written out to them yet.
  std::uint64_t BytesOnDisk() {
    std::uint64_t bytes = 0;
    db_->db().GetAggregatedIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &bytes);
    rocksdb::VectorLogPtr logs;
    if (db_->db().GetSortedWalFiles(logs).ok()) {
      for (const auto& log : logs) bytes += log->SizeFileBytes();
    }
    return bytes;
  }

  const std::string path_;
  const std::function<UnixNanos()> clock_;
  std::unique_ptr<RocksDb> db_;
  SegmentCache cache_;
  Visible visible_;
  SealedCounts counts_;
  TraceParts parts_{*db_, cache_};
  FreedSpace freed_{*db_};
  WorkPool pool_;
  Aliases aliases_{*db_};
  Searcher searcher_{*db_, cache_, parts_, aliases_, pool_};
  std::unique_ptr<Writer> writer_;  // uses all of them
};

Result<std::unique_ptr<RocksStore>> OpenEngine(const RocksStoreOptions& options) {
  auto db = RocksDb::Open(options.path, options.env);
  if (!db) return db.error();
  auto catalog = ReadCatalog(**db);
  if (!catalog) return catalog.error();
  auto engine = std::make_unique<Engine>(*std::move(db), *std::move(catalog), options);
  if (const Status started = engine->Start(options); !started) return started.error();
  return std::unique_ptr<RocksStore>(std::move(engine));
}

}  // namespace

Status RocksStore::ReadTrace(const TraceId& trace,
                             const std::function<bool(const SpanRecord&)>& each) {
  const auto cursor = OpenTrace(trace);
  if (!cursor) return cursor.error();
  for (;;) {
    const auto spans = (*cursor)->Next();
    if (!spans) return spans.error();
    if (spans->empty()) return {};
    for (const SpanRecord& span : *spans) {
      if (!each(span)) return {};
    }
  }
}

Result<std::unique_ptr<RocksStore>> OpenRocksStore(const RocksStoreOptions& options) {
  CLEW_CHECK(options.search_threads > 0 && options.seal_spans > 0 && options.segment_rows > 0);
  return OpenRecovering([options] { return OpenEngine(options); }, options);
}

}  // namespace clew::store
