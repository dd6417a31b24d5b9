#include "store/rocks_store.h"

#include <algorithm>
#include <tuple>

#include "base/log.h"
#include "store/rocks_db.h"
#include "store/rocks_reader.h"
#include "store/rocks_search.h"
#include "store/rocks_writer.h"

namespace clew::store {
namespace {

class RocksStore final : public SpanStore {
 public:
  RocksStore(std::unique_ptr<RocksDb> db, std::unique_ptr<RocksWriter> writer)
      : db_(std::move(db)), writer_(std::move(writer)) {}

  ~RocksStore() override {
    const rocksdb::Status status =
        db_->db().Flush({}, {db_->meta(), db_->hot(), db_->trace(), db_->index()});
    // Not lost: the log has it all.
    if (!status.ok()) LOG_WARN("flush at close failed", {"error", status.ToString()});
  }

  Status Append(const SpanBatch& batch) override { return writer_->Append(batch); }

  Status ReadTrace(const TraceId& trace,
                   const std::function<bool(const SpanRecord&)>& each) override {
    std::vector<SpanRecord> spans;
    const Status read = ReadFragments(*db_, trace, [&](const SpanRecord& span) {
      spans.push_back(span);
      return true;
    });
    if (read && spans.empty()) return Error{Code::kNotFound, "no trace " + trace.ToHex()};
    std::sort(spans.begin(), spans.end(), [](const SpanRecord& a, const SpanRecord& b) {
      return std::tie(a.start, a.span_id) < std::tie(b.start, b.span_id);
    });
    for (const SpanRecord& span : spans) {
      if (!each(span)) return {};
    }
    return read;
  }

  Result<std::vector<TraceId>> FindByPrefix(const std::string& hex_prefix,
                                            std::size_t limit) override {
    return FindTracesByPrefix(*db_, hex_prefix, limit);
  }
  Result<Page> Search(const Query& query, const Budget& budget) override {
    const auto cursor = DecodeCursor(query);
    if (!cursor) return cursor.error();
    return ScanSearch(AllTraces(*db_), query, budget, cursor->value_or(FirstCursor(0)));
  }
  Result<Listing<OperationInfo>> Operations(const std::string& service) override {
    return ScanOperations(AllTraces(*db_), service);
  }
  Result<Listing<AttributeKeyInfo>> AttributeKeys() override {
    return ScanAttributeKeys(AllTraces(*db_));
  }
  Result<DependencyGraph> Dependencies(UnixNanos start_min, UnixNanos start_max) override {
    return ScanDependencies(AllTraces(*db_), start_min, start_max);
  }
  Result<std::vector<ServiceInfo>> Services() override { return ListServices(*db_); }

  StoreStats Stats() override {
    const Totals totals = writer_->totals();
    return {totals.spans, totals.traces, BytesOnDisk(), OldestStart(*db_)};
  }

 private:
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

  std::unique_ptr<RocksDb> db_;
  std::unique_ptr<RocksWriter> writer_;  // uses db_
};

}  // namespace

Result<std::unique_ptr<SpanStore>> OpenRocksStore(const RocksStoreOptions& options) {
  auto db = RocksDb::Open(options.path);
  if (!db) return db.error();
  auto writer =
      RocksWriter::Make(**db, {options.path, options.min_free_bytes, options.trace_cache_bytes});
  if (!writer) return writer.error();
  return std::unique_ptr<SpanStore>(new RocksStore(*std::move(db), *std::move(writer)));
}

}  // namespace clew::store
