#include "store/engine/sealed_counts.h"

#include "base/bytes.h"

namespace clew::store {
namespace {

constexpr std::size_t kRecentBuckets = 2;
constexpr std::size_t kRecentHours = 4;

// Calls `each` with the key and value of the rows from `first` on until it returns false.
Status EachRow(RocksDb& db, const rocksdb::ReadOptions& options, const std::string& first,
               const std::function<Result<bool>(std::string_view, std::string_view)>& each) {
  const std::unique_ptr<rocksdb::Iterator> rows(db.db().NewIterator(options, db.meta()));
  for (rows->Seek(first); rows->Valid(); rows->Next()) {
    const auto more = each(rows->key().ToStringView(), rows->value().ToStringView());
    if (!more) return more.error();
    if (!*more) return {};
  }
  return rows->status().ok() ? Status{} : FromRocks("read counts", rows->status());
}

// Adds the rows that begin with `prefix` to `counts`.
Status ReadCounts(RocksDb& db, const std::string& prefix, Counts& counts) {
  return EachRow(db, {}, prefix, [&](auto key, auto value) -> Result<bool> {
    if (!key.starts_with(prefix)) return false;
    auto decoded = DecodeCountsKey(key);
    if (!decoded) return Error{Code::kCorrupt, "stored key of counts: wrong shape"};
    Counts row;
    if (decoded->what == CountsKey::kService) {
      auto service = DecodeServiceCounts(value);
      if (!service) return service.error();
      row.services.emplace(std::move(decoded->name), *std::move(service));
    } else {
      const auto spans = ByteCursor(value).U64be();
      if (!spans) return Error{Code::kCorrupt, "stored count of an attribute key"};
      row.keys[{std::move(decoded->name), static_cast<AttributeScope>(decoded->what)}] = *spans;
    }
    counts.Merge(row);
    return true;
  });
}

Error WrongShape(std::string_view key) {
  return {Code::kCorrupt, NameOfCalls(key) + ": wrong shape"};
}

// Hands a row of hour `last` or before to `take`; false for any other.
template <typename Take>
Result<bool> ReadEdge(std::string_view key, std::string_view value, std::uint32_t last, Take take) {
  if (!key.starts_with(kEdgePrefix)) return false;
  auto edge = DecodeEdgeKey(key);
  if (!edge) return WrongShape(key);
  if (edge->hour > last) return false;
  auto counts = DecodeEdgeCounts(value);
  if (!counts) {
    return Error{counts.error().code, NameOfCalls(key) + ": " + counts.error().message};
  }
  take(*std::move(edge), *std::move(counts));
  return true;
}

std::string ServiceRow(std::uint32_t bucket, const std::string& name) {
  return Encode(CountsKey{bucket, CountsKey::kService, name});
}
std::string AttributeRow(std::uint32_t bucket, const Counts::KeyOf& key) {
  return Encode(CountsKey{bucket, static_cast<std::uint8_t>(key.second), key.first});
}

// Both name keys that `before` and `after` have.
void Replace(const Counts& before, const Counts& after, Counts& in) {
  for (const auto& [name, unused] : before.services) in.services.erase(name);
  for (const auto& [key, unused] : before.keys) in.keys.erase(key);
  for (const auto& [name, service] : after.services) in.services[name] = service;
  for (const auto& [key, spans] : after.keys) in.keys[key] = spans;
}

}  // namespace

Status SealedCounts::Load() {
  MutexLock lock(mutex_);
  if (const Status read = ReadCounts(db_, std::string(kCountsPrefix), counts_); !read) return read;
  // From hour and bucket to the next, not from row to row.
  for (std::string next(kEdgePrefix); !next.empty();) {
    const Status read =
        EachRow(db_, {}, std::exchange(next, {}), [&](auto key, auto) -> Result<bool> {
          if (!key.starts_with(kEdgePrefix)) return false;
          const auto edge = DecodeEdgeKey(key);
          if (!edge) return WrongShape(key);
          call_hours_[edge->bucket].insert(edge->hour);
          next = EndOfRows(EdgePrefix(edge->hour, edge->bucket));
          return false;
        });
    if (!read) return read;
  }
  return {};
}

Result<const Counts*> SealedCounts::Bucket(std::uint32_t bucket) {
  const auto [at, is_new] = recent_buckets_.try_emplace(bucket);
  if (!is_new) return &at->second;
  const Status read = ReadCounts(db_, CountsPrefix(bucket), at->second);
  if (read) return &at->second;
  recent_buckets_.erase(at);
  return read.error();
}

void SealedCounts::PutRows(std::uint32_t bucket, const Counts& counts,
                           rocksdb::WriteBatch& batch) const {
  for (const auto& [name, service] : counts.services) {
    batch.Put(db_.meta(), ServiceRow(bucket, name), Encode(service));
  }
  for (const auto& [key, spans] : counts.keys) {
    std::string value;
    AppendU64be(value, spans);
    batch.Put(db_.meta(), AttributeRow(bucket, key), value);
  }
}

Status SealedCounts::Add(std::uint32_t bucket, const Counts& counts, const Edges& edges,
                         rocksdb::WriteBatch& batch) {
  pending_.clear();  // of a change that was given up
  const auto known = Bucket(bucket);
  if (!known) return known.error();
  // A bucket has nothing that the sum has no room for, so that taking it away again is exact.
  Counts added;
  {
    MutexLock lock(mutex_);
    added = counts_.Admitted(counts);
  }
  Counts rows = (*known)->Common(added);
  rows.Merge(added);
  PutRows(bucket, rows, batch);
  pending_.push_back([this, bucket, added = std::move(added), rows = std::move(rows)] {
    Replace({}, rows, recent_buckets_[bucket]);
    MutexLock lock(mutex_);
    counts_.Merge(added);
  });
  return PutEdges(edges, batch);
}

Status SealedCounts::Subtract(std::uint32_t bucket, const Counts& counts,
                              rocksdb::WriteBatch& batch) {
  pending_.clear();  // of a change that was given up
  const auto known = Bucket(bucket);
  if (!known) return known.error();
  Counts before = (*known)->Common(counts);
  Counts after = before;
  after.Subtract(counts);
  for (const auto& [name, unused] : before.services) {
    if (!after.services.contains(name)) batch.Delete(db_.meta(), ServiceRow(bucket, name));
  }
  for (const auto& [key, unused] : before.keys) {
    if (!after.keys.contains(key)) batch.Delete(db_.meta(), AttributeRow(bucket, key));
  }
  PutRows(bucket, after, batch);
  pending_.push_back([this, bucket, before = std::move(before), after = std::move(after)] {
    Replace(before, after, recent_buckets_[bucket]);
    MutexLock lock(mutex_);
    counts_.Subtract(before);
    counts_.Merge(after);
  });
  return {};
}

Status SealedCounts::Drop(const std::set<std::uint32_t>& buckets, std::uint32_t first_calls,
                          rocksdb::WriteBatch& batch) {
  pending_.clear();  // of a change that was given up
  for (const std::uint32_t bucket : buckets) {
    Counts dropped;
    const std::string prefix = CountsPrefix(bucket);
    if (const Status read = ReadCounts(db_, prefix, dropped); !read) return read;
    batch.DeleteRange(db_.meta(), prefix, EndOfRows(prefix));
    pending_.push_back([this, bucket, dropped = std::move(dropped)] {
      recent_buckets_.erase(bucket);
      MutexLock lock(mutex_);
      counts_.Subtract(dropped);
    });
  }
  const auto end = call_hours_.lower_bound(first_calls);
  for (auto at = call_hours_.begin(); at != end; ++at) {
    for (const std::uint32_t hour : at->second) {
      const std::string prefix = EdgePrefix(hour, at->first);
      batch.DeleteRange(db_.meta(), prefix, EndOfRows(prefix));
    }
  }
  pending_.push_back([this, first_calls] {
    call_hours_.erase(call_hours_.begin(), call_hours_.lower_bound(first_calls));
    std::erase_if(recent_hours_, [&](const auto& of) { return of.first.second < first_calls; });
  });
  return {};
}

Status SealedCounts::PutEdges(const Edges& edges, rocksdb::WriteBatch& batch) {
  Edges rows;
  for (const auto& [key, counts] : edges) {
    const auto known = Hour(key.hour, key.bucket);
    if (!known) return known.error();
    const auto at = (*known)->find(key);
    if (at == (*known)->end() && (*known)->size() >= kMaxEdges) continue;
    EdgeCounts& into = rows[key];
    if (at != (*known)->end()) into = at->second;
    into.Merge(counts);
  }
  for (const auto& [key, counts] : rows) batch.Put(db_.meta(), Encode(key), Encode(counts));
  pending_.push_back([this, rows = std::move(rows)]() mutable {
    for (auto& [key, counts] : rows) {
      recent_hours_[{key.hour, key.bucket}][key] = std::move(counts);
      call_hours_[key.bucket].insert(key.hour);
    }
  });
  return {};
}

Result<const Edges*> SealedCounts::Hour(std::uint32_t hour, std::uint32_t bucket) {
  const auto [at, is_new] = recent_hours_.try_emplace({hour, bucket});
  Edges& edges = at->second;
  if (!is_new) return &edges;
  const std::string prefix = EdgePrefix(hour, bucket);
  const Status read = EachRow(db_, {}, prefix, [&](auto key, auto value) -> Result<bool> {
    if (!key.starts_with(prefix)) return false;
    return ReadEdge(key, value, hour, [&](EdgeKey edge, EdgeCounts counts) {
      edges.emplace(std::move(edge), std::move(counts));
    });
  });
  if (read) return &edges;
  recent_hours_.erase(at);
  return read.error();
}

void SealedCounts::Commit(bool written) {
  for (const auto& apply : pending_) {
    if (written) apply();
  }
  pending_.clear();
  while (recent_buckets_.size() > kRecentBuckets) recent_buckets_.erase(recent_buckets_.begin());
  while (recent_hours_.size() > kRecentHours) recent_hours_.erase(recent_hours_.begin());
}

Counts SealedCounts::All() const {
  MutexLock lock(mutex_);
  Counts counts = counts_;
  counts.keys_truncated = counts.keys.size() >= kMaxAttributeKeys;
  return counts;
}

std::set<std::uint32_t> SealedCounts::hours() const {
  std::set<std::uint32_t> all;
  for (const auto& [unused, hours] : call_hours_) all.insert(hours.begin(), hours.end());
  return all;
}

bool SealedCounts::HasCallsBefore(std::uint32_t bucket) const {
  return !call_hours_.empty() && call_hours_.begin()->first < bucket;
}

Status SealedCounts::AddEdges(const View& view, std::uint32_t first, std::uint32_t last,
                              CallTotals& totals) const {
  return EachRow(db_, view.snapshot->options(), EdgeHourPrefix(first), [&](auto key, auto value) {
    return ReadEdge(key, value, last, [&totals](const EdgeKey& edge, const EdgeCounts& counts) {
      totals.Add(edge, counts);
    });
  });
}

}  // namespace clew::store
