// One state of the store, for the length of a question: what is sealed and what is still hot, none
// of it twice and none of it missing, whatever is written or sealed meanwhile.
#pragma once

#include <rocksdb/db.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "store/engine/hot_chunk.h"
#include "store/engine/segment_meta.h"

namespace clew::store {

// A snapshot of the database that is released with its last user.
class DbSnapshot {
 public:
  explicit DbSnapshot(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}
  ~DbSnapshot() { db_.ReleaseSnapshot(snapshot_); }
  DbSnapshot(const DbSnapshot&) = delete;
  DbSnapshot& operator=(const DbSnapshot&) = delete;
  rocksdb::ReadOptions options() const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    return options;
  }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* const snapshot_;
};

// A trace with both sealed and hot spans: it may start earlier and last longer than the metas of
// its segments say.
struct LateTrace {
  std::vector<SegmentKey> parts;
  UnixNanos start{};
  std::chrono::nanoseconds duration{0};
};
using LateTraces = std::unordered_map<TraceId, LateTrace>;

struct View {
  std::shared_ptr<const HotList> hot;
  std::shared_ptr<const Catalog> catalog;
  std::shared_ptr<const LateTraces> late;
  std::shared_ptr<const DbSnapshot> snapshot;
  std::uint64_t sequence = 0;  // of the last append that it sees
};

}  // namespace clew::store
