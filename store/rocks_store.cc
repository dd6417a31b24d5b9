#include "store/rocks_store.h"

#include <rocksdb/convenience.h>
#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/log.h"
#include "store/engine/retention.h"
#include "store/engine/sealed_counts.h"
#include "store/engine/search.h"
#include "store/engine/segment_cache.h"
#include "store/engine/trace_parts.h"
#include "store/engine/visible.h"
#include "store/engine/work_pool.h"
#include "store/engine/writer.h"
#include "store/rocks_db.h"
#include "store/segment/term_filter.h"

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
        db_(std::move(db)),
        cache_(*db_, options.segment_cache_bytes),
        visible_(*db_, std::move(catalog)),
        counts_(*db_),
        pool_(options.search_threads - 1) {}

  ~Engine() override {
    writer_.reset();
    const rocksdb::Status status = db_->db().Flush({}, db_->families());
    // Not lost: the log has it all.
    if (!status.ok()) LOG_WARN("flush at close failed", {"error", status.ToString()});
  }

  Status Start(const RocksStoreOptions& options) {
    if (const Status loaded = counts_.Load(); !loaded) return loaded;
    WriterOptions writer{.path = options.path,
                         .min_free_bytes = options.min_free_bytes,
                         .state_bytes = options.state_bytes,
                         .seal_spans = options.seal_spans,
                         .seal_age = options.seal_age};
    writer.seal.rows = options.segment_rows;
    if (const Status read = aliases_.Load(); !read) return read;
    auto made = Writer::Make(*db_, visible_, counts_, parts_, cache_, aliases_, std::move(writer));
    if (!made) return made.error();
    writer_ = *std::move(made);
    return {};
  }

  Status Append(const SpanBatch& batch) override { return writer_->Append(batch); }
  Status Seal() override { return writer_->SealAll(); }

  Status ReadTrace(const TraceId& trace,
                   const std::function<bool(const SpanRecord&)>& each) override {
    const View view = visible_.Take();
    const auto family = aliases_.Of(view, trace, view.sequence);
    if (!family) return family.error();
    return ReadFamily(*family, each, [&](const std::vector<TraceId>& traces, const auto& adopted) {
      return parts_.Read(view, traces, adopted);
    });
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
    const RetentionPlan plan =
        PlanRetention(*visible_.Take().catalog, policy, UnixClock::now(), space.available);
    if (!dry_run) {
      if (const Status dropped = writer_->Drop(plan.drop); !dropped) return dropped.error();
      if (const Status freed = FreeSpaceBefore(plan.drop); !freed) return freed.error();
    }
    return plan.report;
  }

  Result<CheckReport> Check() override {
    const View view = visible_.Take();
    CheckReport report;
    for (const auto& [key, meta] : *view.catalog) {
      ++report.segments;
      const auto note = [&, &name = key](const Error& error) {
        report.damage.push_back(NameOf(name) + ": " + error.message);
      };
      std::string filter;
      const rocksdb::Status read =
          db_->db().Get(view.snapshot->options(), db_->filter(), Encode(key), &filter);
      if (!read.ok()) note(FromRocks("read filter", read));
      if (const auto opened = TermFilter::Open(filter); read.ok() && !opened) note(opened.error());
      const auto segment = cache_.Open(view, key);
      if (!segment) {
        report.damage.push_back(segment.error().message);
        continue;
      }
      if (const Status whole = (*segment)->Verify(); !whole) note(whole.error());
      if ((*segment)->rows() == meta->rows) {
        report.spans += meta->rows;
      } else {
        note({Code::kCorrupt, "has not as many spans as its meta says"});
      }
    }
    for (const auto& chunk : *view.hot) report.spans += chunk->spans().size();
    return report;
  }

  Status Backup(const std::string& path) override {
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(&db_->db(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) status = checkpoint->CreateCheckpoint(path);
    return status.ok() ? Status{} : FromRocks("copy the store to " + path, status);
  }

  Health GetHealth() override {
    const WriterStats written = writer_->stats();
    return {.hot_spans = written.hot_spans,
            .segments = visible_.Take().catalog->size(),
            .seals = written.seals,
            .exact_spans = written.exact_spans,
            .longest_seal_lag = written.longest_seal_lag};
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

  // Tables that hold nothing but dropped segments go at once, the rest when RocksDB gets to it.
  Status FreeSpaceBefore(const std::vector<SegmentKey>& dropped) {
    if (dropped.empty()) return {};
    const std::string first = Encode(dropped.front());
    const std::string last = Encode(dropped.back());
    const rocksdb::Slice begin(first);
    const rocksdb::Slice end(last);
    for (rocksdb::ColumnFamilyHandle* family : {db_->segment(), db_->filter()}) {
      rocksdb::Status status = rocksdb::DeleteFilesInRange(&db_->db(), family, &begin, &end);
      rocksdb::CompactRangeOptions options;
      options.exclusive_manual_compaction = false;
      if (status.ok()) status = db_->db().CompactRange(options, family, &begin, &end);
      if (!status.ok()) return FromRocks("free the space of dropped segments", status);
    }
    return {};
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
  std::unique_ptr<RocksDb> db_;
  SegmentCache cache_;
  Visible visible_;
  SealedCounts counts_;
  TraceParts parts_{*db_, cache_};
  WorkPool pool_;
  Aliases aliases_{*db_};
  Searcher searcher_{*db_, cache_, parts_, aliases_, pool_};
  std::unique_ptr<Writer> writer_;  // uses all of them
};

}  // namespace

Result<std::unique_ptr<RocksStore>> OpenRocksStore(const RocksStoreOptions& options) {
  CLEW_CHECK(options.search_threads > 0 && options.seal_spans > 0 && options.segment_rows > 0);
  auto db = RocksDb::Open(options.path, options.env);
  if (!db) return db.error();
  auto catalog = ReadCatalog(**db);
  if (!catalog) return catalog.error();
  auto engine = std::make_unique<Engine>(*std::move(db), *std::move(catalog), options);
  if (const Status started = engine->Start(options); !started) return started.error();
  return std::unique_ptr<RocksStore>(std::move(engine));
}

}  // namespace clew::store
