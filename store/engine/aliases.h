// Aliases on disk: rows of the family `alias`, as one state of the database has them.
#pragma once

#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <cstdint>

#include "store/engine/view.h"
#include "store/join/family.h"
#include "store/join/joiner.h"
#include "store/rocks_db.h"

namespace clew::store {

// Any thread. Errors: kCorrupt for what no encoder wrote, and what RocksDB says.
class AliasRows final : public AliasReader {
 public:
  AliasRows(RocksDb& db, const rocksdb::ReadOptions& options) : db_(db), options_(options) {}
  Result<std::optional<Alias>> AliasOf(const TraceId& trace) const override;
  Result<FamilyExtent> ExtentOf(const TraceId& top) const override;
  Status EachChild(const TraceId& parent,
                   const std::function<bool(const TraceId&)>& each) const override;

 private:
  RocksDb& db_;
  const rocksdb::ReadOptions options_;
};

// The rows that `joins` decided.
void PutAliases(RocksDb& db, const Joins& joins, rocksdb::WriteBatch& batch);

// Answers for queries. Any thread.
class Aliases {
 public:
  explicit Aliases(RocksDb& db) : db_(db) {}
  // Whether there are any: most stores have none, and nothing is to be looked up then.
  Status Load();
  bool any() const { return any_; }
  void NoteAny() { any_ = true; }

  // The family of a trace as the view sees it, or as of an earlier `horizon`.
  Result<Family> Of(const View& view, const TraceId& trace, std::uint64_t horizon) const;

 private:
  RocksDb& db_;
  std::atomic<bool> any_{false};
};

}  // namespace clew::store
