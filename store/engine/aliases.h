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

// The append from which on rows of the family `alias` count: what those before it brought has gone
// by its age.
Result<std::uint64_t> FirstAliasSequence(RocksDb& db, const rocksdb::ReadOptions& options);

// Any thread. Errors: kCorrupt for what no encoder wrote, and what RocksDB says. `first_sequence`:
// see above.
class AliasRows final : public AliasReader {
 public:
  AliasRows(RocksDb& db, const rocksdb::ReadOptions& options, std::uint64_t first_sequence)
      : db_(db), options_(options), first_sequence_(first_sequence) {}
  Result<std::optional<Alias>> AliasOf(const TraceId& trace) const override;
  Result<FamilyExtent> ExtentOf(const TraceId& top) const override;
  Status EachChild(const TraceId& parent,
                   const std::function<bool(const TraceId&)>& each) const override;

 private:
  RocksDb& db_;
  const rocksdb::ReadOptions options_;
  const std::uint64_t first_sequence_;
};

// The rows that `joins` decided, of append `sequence`.
void PutAliases(RocksDb& db, const Joins& joins, std::uint64_t sequence,
                rocksdb::WriteBatch& batch);
// The rows of a family of which nothing is left.
void DeleteAliases(RocksDb& db, const Family& family, rocksdb::WriteBatch& batch);

// Answers for queries. Any thread.
class Aliases {
 public:
  explicit Aliases(RocksDb& db) : db_(db) {}
  // Whether there are any: most stores have none, and nothing is to be looked up then.
  Status Load();
  bool any() const { return any_; }
  void NoteAny() { any_ = true; }
  // As FirstAliasSequence, of the newest state.
  std::uint64_t first_sequence() const { return first_sequence_; }
  // Everything that came before append `sequence` is gone: puts that into the write, and notes it
  // when the write has succeeded.
  void PutForgotten(std::uint64_t sequence, rocksdb::WriteBatch& batch) const;
  void NoteForgotten(std::uint64_t sequence);

  // The family of a trace as the view sees it, or as of an earlier `horizon`.
  Result<Family> Of(const View& view, const TraceId& trace, std::uint64_t horizon) const;

 private:
  RocksDb& db_;
  std::atomic<bool> any_{false};
  std::atomic<std::uint64_t> first_sequence_{0};
};

}  // namespace clew::store
