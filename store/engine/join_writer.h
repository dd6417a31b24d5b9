// The writer's part of joining: what each append decides goes into its write, and spans that wait
// for their other end are durable as the spans themselves are.
#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <map>
#include <vector>

#include "store/engine/aliases.h"
#include "store/join/joiner.h"
#include "store/rocks_db.h"

namespace clew::store {

// One thread at a time.
class JoinWriter {
 public:
  // Both must outlive this.
  JoinWriter(RocksDb& db, Aliases& aliases) : db_(db), aliases_(aliases) {}

  // Makes of the stored rows what was there before: at start, and after a write that failed.
  Status Load();
  // Calls that a stored append had completed by joining, since the last Load; for appends that are
  // hot.
  const std::vector<JoinedCall>& CallsOf(std::uint64_t sequence) const;
  // All appends that are hot have their calls.
  void ForgetCalls() { calls_.clear(); }

  // Decides about the spans that append `sequence` brings. Rows go into `batch`. `first_hot`: the
  // oldest append that is not sealed, `sequence` when there is none. `now`: of the store's clock.
  Result<std::vector<JoinedCall>> Add(const SpanBatch& spans, std::uint64_t sequence,
                                      std::uint64_t first_hot, UnixNanos now,
                                      rocksdb::WriteBatch& batch);
  JoinCounters counters() const { return joiner_.counters(); }

 private:
  void DropOldRows(std::uint64_t keep_from, rocksdb::WriteBatch& batch);

  RocksDb& db_;
  Aliases& aliases_;
  Joiner joiner_;
  std::map<std::uint64_t, std::vector<JoinedCall>> calls_;
  std::uint64_t dropped_to_ = 0;  // rows of appends before it are gone
};

}  // namespace clew::store
