#include "store/engine/sealed_counts.h"

#include <functional>
#include <memory>

#include "base/bytes.h"

namespace clew::store {
namespace {

constexpr std::size_t kRecentHours = 4;

std::string AttributeRow(const Counts::KeyOf& key) {
  std::string row(kAttributePrefix);
  row.push_back(static_cast<char>(key.second));
  return row += key.first;
}

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

// Hands a row of hour `last` or before to `take`; false for any other.
template <typename Take>
Result<bool> ReadEdge(std::string_view key, std::string_view value, std::uint32_t last, Take take) {
  if (!key.starts_with(kEdgePrefix)) return false;
  auto edge = DecodeEdgeKey(key);
  if (!edge) return Error{Code::kCorrupt, "stored key of a call: wrong shape"};
  if (edge->hour > last) return false;
  auto counts = DecodeEdgeCounts(value);
  if (!counts) return counts.error();
  take(*std::move(edge), *std::move(counts));
  return true;
}

}  // namespace

Status SealedCounts::Load() {
  MutexLock lock(mutex_);
  const std::string services(kServicePrefix);
  Status read =
      EachRow(db_, {}, services, [&](auto key, auto value) REQUIRES(mutex_) -> Result<bool> {
        if (!key.starts_with(services)) return false;
        auto counts = DecodeServiceCounts(value);
        if (!counts) return counts.error();
        counts_.services.emplace(key.substr(services.size()), *std::move(counts));
        return true;
      });
  if (!read) return read;
  const std::string keys(kAttributePrefix);
  read = EachRow(db_, {}, keys, [&](auto key, auto value) REQUIRES(mutex_) -> Result<bool> {
    if (!key.starts_with(keys)) return false;
    ByteCursor in(key.substr(keys.size()));
    const auto scope = in.U8();
    const auto spans = ByteCursor(value).U64be();
    if (!scope || !spans) return Error{Code::kCorrupt, "stored count of an attribute key"};
    counts_.keys[{std::string(in.rest()), static_cast<AttributeScope>(*scope)}] = *spans;
    return true;
  });
  if (!read) return read;
  // From hour to hour, not from row to row.
  for (std::uint32_t next = 0;;) {
    const std::size_t before = hours_.size();
    read = EachRow(db_, {}, EdgeHourPrefix(next), [&](auto key, auto) -> Result<bool> {
      if (const auto edge = DecodeEdgeKey(key)) {
        hours_.insert(edge->hour);
        next = edge->hour + 1;
      }
      return false;
    });
    if (!read) return read;
    if (hours_.size() == before) return {};
  }
}

Status SealedCounts::Put(const Counts& counts, const Edges& edges, rocksdb::WriteBatch& batch) {
  {
    MutexLock lock(mutex_);
    // Only the rows that change are made anew; new ones only while there is room.
    pending_ = {};
    for (const auto& [name, service] : counts.services) {
      const auto at = counts_.services.find(name);
      if (at == counts_.services.end() && counts_.services.size() >= kMaxServices) continue;
      ServiceCounts& into = pending_.services[name];
      if (at != counts_.services.end()) into = at->second;
      into.Merge(service);
    }
    for (const auto& [key, spans] : counts.keys) {
      const auto at = counts_.keys.find(key);
      if (at == counts_.keys.end() && counts_.keys.size() >= kMaxAttributeKeys) continue;
      pending_.keys[key] = spans + (at == counts_.keys.end() ? 0 : at->second);
    }
  }
  for (const auto& [name, service] : pending_.services) {
    batch.Put(db_.meta(), std::string(kServicePrefix) + name, Encode(service));
  }
  for (const auto& [key, spans] : pending_.keys) {
    std::string value;
    AppendU64be(value, spans);
    batch.Put(db_.meta(), AttributeRow(key), value);
  }
  return PutEdges(edges, batch);
}

Status SealedCounts::PutEdges(const Edges& edges, rocksdb::WriteBatch& batch) {
  pending_edges_.clear();
  for (const auto& [key, counts] : edges) {
    const auto hour = Hour(key.hour);
    if (!hour) return hour.error();
    const auto at = (*hour)->find(key);
    if (at == (*hour)->end() && (*hour)->size() >= kMaxEdges) continue;
    EdgeCounts& into = pending_edges_[key];
    if (at != (*hour)->end()) into = at->second;
    into.Merge(counts);
  }
  for (const auto& [key, counts] : pending_edges_) {
    batch.Put(db_.meta(), Encode(key), Encode(counts));
  }
  return {};
}

Result<Edges*> SealedCounts::Hour(std::uint32_t hour) {
  const auto placed = recent_.try_emplace(hour);
  Edges& edges = placed.first->second;
  if (!placed.second) return &edges;
  const Status read = EachRow(db_, {}, EdgeHourPrefix(hour), [&](auto key, auto value) {
    return ReadEdge(key, value, hour, [&](EdgeKey edge, EdgeCounts counts) {
      edges.emplace(std::move(edge), std::move(counts));
    });
  });
  if (read) return &edges;
  recent_.erase(placed.first);
  return read.error();
}

void SealedCounts::Commit(bool written) {
  if (written) {
    for (auto& [key, counts] : pending_edges_) recent_[key.hour][key] = std::move(counts);
    MutexLock lock(mutex_);
    for (auto& [name, service] : pending_.services) counts_.services[name] = std::move(service);
    for (const auto& [key, spans] : pending_.keys) counts_.keys[key] = spans;
  }
  pending_ = {};
  pending_edges_.clear();
  while (recent_.size() > kRecentHours) recent_.erase(recent_.begin());
}

Counts SealedCounts::All() const {
  MutexLock lock(mutex_);
  Counts counts = counts_;
  counts.keys_truncated = counts.keys.size() >= kMaxAttributeKeys;
  return counts;
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
