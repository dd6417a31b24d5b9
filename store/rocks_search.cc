#include "store/rocks_search.h"

#include <algorithm>
#include <memory>

#include "store/keys.h"
#include "store/rocks_reader.h"
#include "store/summary.h"

namespace clew::store {
namespace {

// One state of the database for the index rows and the summaries that they lead to.
class Snapshot {
 public:
  explicit Snapshot(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}
  ~Snapshot() { db_.ReleaseSnapshot(snapshot_); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  rocksdb::ReadOptions options() const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    return options;
  }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* const snapshot_;
};

// What the summary alone can decide.
bool Matches(const Summary& summary, const TraceQuery& query) {
  const auto duration = summary.end - summary.start;
  if (duration < query.duration_min || duration > query.duration_max) return false;
  if (query.errors_only && summary.error_count == 0) return false;
  return query.operation.empty() || summary.MayHaveOperation(query.service, query.operation);
}

Result<bool> HasOperation(RocksDb& db, const TraceId& trace, const TraceQuery& query) {
  bool found = false;
  const Status read = ReadFragments(db, trace, [&](const SpanRecord& span) {
    found =
        span.name == query.operation && (query.service.empty() || span.service == query.service);
    return !found;
  });
  if (!read) return read.error();
  return found;
}

TraceSummary ToAnswer(const TraceId& trace, Summary summary) {
  TraceSummary answer;
  answer.trace_id = trace;
  answer.root_service = std::move(summary.lead.service);
  answer.root_name = std::move(summary.lead.name);
  answer.has_root = summary.lead.is_root;
  answer.start = summary.start;
  answer.end = summary.end;
  answer.span_count = summary.span_count;
  answer.error_count = summary.error_count;
  for (SummaryService& service : summary.services) {
    answer.services.push_back(std::move(service.name));
  }
  return answer;
}

}  // namespace

Result<std::vector<TraceSummary>> SearchTraces(RocksDb& db, const TraceQuery& query) {
  std::vector<TraceSummary> found;
  if (query.limit == 0 || query.service.size() > kMaxServiceName) return found;
  const Snapshot snapshot(db.db());
  const rocksdb::ReadOptions options = snapshot.options();
  const std::unique_ptr<rocksdb::Iterator> rows(db.db().NewIterator(options, db.index()));
  const UnixNanos newest = std::max(query.start_max, UnixNanos{});
  const std::string prefix = IndexPrefix(query.service);
  std::size_t examined = 0;
  rocksdb::PinnableSlice stored;
  for (rows->Seek(Encode(IndexKey{query.service, newest, {}})); rows->Valid(); rows->Next()) {
    if (!rows->key().starts_with(prefix)) break;
    const auto row = DecodeIndexKey(rows->key().ToStringView());
    if (!row) return Error{Code::kCorrupt, "stored index key: wrong shape"};
    if (row->start < query.start_min) break;
    if (++examined > kMaxExamined) {
      return Error{Code::kExhausted, "search looked at " + std::to_string(kMaxExamined) +
                                         " traces and found " + std::to_string(found.size()) +
                                         "; narrow it by time or service"};
    }
    stored.Reset();
    const rocksdb::Status status =
        db.db().Get(options, db.trace(), {row->trace.View().data(), TraceId::kSize}, &stored);
    if (!status.ok()) return FromRocks("read trace summary", status);
    auto summary = DecodeSummary(stored.ToStringView());
    if (!summary) return summary.error();
    if (!Matches(*summary, query)) continue;
    if (!query.operation.empty()) {
      const auto has = HasOperation(db, row->trace, query);
      if (!has) return has.error();
      if (!*has) continue;
    }
    found.push_back(ToAnswer(row->trace, *std::move(summary)));
    if (found.size() >= query.limit) break;
  }
  if (!rows->status().ok()) return FromRocks("search", rows->status());
  return found;
}

}  // namespace clew::store
