#include "store/admin/details.h"

#include <algorithm>
#include <set>

#include "store/admin/files.h"
#include "store/admin/rows.h"
#include "store/fragment.h"
#include "store/keys.h"

namespace clew::store {
namespace {

void Widen(StoreDetails& details, UnixNanos earliest, UnixNanos latest) {
  const bool first = details.newest == UnixNanos{};
  details.oldest = first ? earliest : std::min(details.oldest, earliest);
  details.newest = std::max(details.newest, latest);
}

Status AddSegment(std::string_view key, std::string_view value, StoreDetails& details) {
  const auto decoded = DecodeSegmentKey(key);
  if (!decoded) return Error{Code::kCorrupt, "stored key of a segment: wrong shape"};
  const auto meta = DecodeSegmentMeta(*decoded, value);
  if (!meta) return meta.error();
  if (details.buckets.empty() || details.buckets.back().bucket != decoded->bucket) {
    details.buckets.push_back({.bucket = decoded->bucket, .min_start = meta->min_start});
  }
  BucketDetails& bucket = details.buckets.back();
  ++bucket.segments;
  bucket.spans += meta->rows;
  bucket.bytes += meta->bytes;
  bucket.min_start = std::min(bucket.min_start, meta->min_start);
  bucket.max_start = std::max(bucket.max_start, meta->max_start);
  ++details.segments;
  Widen(details, meta->min_start, meta->max_start);
  return {};
}

// Hot spans, and the traces that have no others.
class HotCounter {
 public:
  // Adds their services to `services`.
  HotCounter(RocksDb& db, const rocksdb::ReadOptions& options, std::set<std::string>& services)
      : db_(db), options_(options), services_(services) {}

  Status Add(std::string_view value, StoreDetails& details) {
    const auto spans = DecodeFragment(value);
    if (!spans) return spans.error();
    for (const SpanRecord& span : *spans) {
      ++details.hot_spans;
      services_.insert(span.service);
      Widen(details, span.start, span.start);
      if (!seen_.insert(span.trace_id).second) continue;
      rocksdb::PinnableSlice row;
      const rocksdb::Status read =
          db_.db().Get(options_, db_.trace(), {span.trace_id.View().data(), TraceId::kSize}, &row);
      if (!read.ok() && !read.IsNotFound()) return FromRocks("look up a trace", read);
      details.traces += read.IsNotFound() ? 1 : 0;
    }
    return {};
  }

 private:
  RocksDb& db_;
  const rocksdb::ReadOptions& options_;
  std::set<std::string>& services_;
  std::set<TraceId> seen_;
};

Status AddTotals(RocksDb& db, const rocksdb::ReadOptions& options, StoreDetails& details) {
  std::string stored;
  const rocksdb::Status status =
      db.db().Get(options, db.meta(), {kTotalsKey.data(), kTotalsKey.size()}, &stored);
  if (status.IsNotFound()) return {};  // nothing was sealed yet
  if (!status.ok()) return FromRocks("read totals", status);
  const auto totals = DecodeTotals(stored);
  if (!totals) return Error{Code::kCorrupt, "stored totals: not what was written"};
  details.spans = totals->spans;
  details.traces = totals->traces;
  return {};
}

void AddFiles(RocksDb& db, StoreDetails& details) {
  for (rocksdb::ColumnFamilyHandle* handle : db.families()) {
    details.families.push_back({.name = handle->GetName()});
  }
  std::vector<rocksdb::LiveFileMetaData> files;
  db.db().GetLiveFilesMetaData(&files);
  for (const auto& file : files) {
    for (FamilyDetails& family : details.families) {
      if (family.name != file.column_family_name) continue;
      ++family.files;
      family.bytes += file.size;
    }
  }
}

}  // namespace

Result<StoreDetails> CollectDetails(RocksDb& db, const DbSnapshot& snapshot,
                                    const std::string& path) {
  StoreDetails details{.format = db.format()};
  rocksdb::ReadOptions options = snapshot.options();
  options.fill_cache = false;
  if (const Status totals = AddTotals(db, options, details); !totals) return totals.error();
  Status read = EachRow(db, options, db.meta(), kMetaPrefix,
                        [&](auto key, auto value) { return AddSegment(key, value, details); });
  if (!read) return read.error();
  std::set<std::string> services;
  read = EachRow(db, options, db.meta(), kCountsPrefix, [&](auto rest, auto) -> Status {
    auto key = DecodeCountsKey(std::string(kCountsPrefix).append(rest));
    if (!key) return Error{Code::kCorrupt, "stored key of counts: wrong shape"};
    if (key->what == CountsKey::kService) services.insert(std::move(key->name));
    return {};
  });
  if (!read) return read.error();
  HotCounter hot(db, options, services);
  read =
      EachRow(db, options, db.hot(), {}, [&](auto, auto value) { return hot.Add(value, details); });
  if (!read) return read.error();
  details.spans += details.hot_spans;
  details.services = services.size();
  AddFiles(db, details);
  rocksdb::VectorLogPtr logs;
  if (db.db().GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) details.log_bytes += log->SizeFileBytes();
  }
  const auto free = FreeBytes(path);
  if (!free) return free.error();
  details.disk_free_bytes = *free;
  return details;
}

}  // namespace clew::store
