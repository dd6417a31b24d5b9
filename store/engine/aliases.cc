#include "store/engine/aliases.h"

#include <memory>

#include "base/bytes.h"
#include "store/join/rows.h"
#include "store/keys.h"

namespace clew::store {
namespace {

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

// The value of a key of the family `alias`; nothing when there is none.
Result<std::optional<std::string>> Get(RocksDb& db, const rocksdb::ReadOptions& options,
                                       const std::string& key) {
  std::string value;
  const rocksdb::Status status = db.db().Get(options, db.alias(), key, &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return FromRocks("read alias", status);
  return std::optional<std::string>(std::move(value));
}

Error Damaged(const TraceId& trace) {
  return {Code::kCorrupt, "stored alias of trace " + trace.ToHex() + ": not what was written"};
}

}  // namespace

Result<std::uint64_t> FirstAliasSequence(RocksDb& db, const rocksdb::ReadOptions& options) {
  std::string value;
  const rocksdb::Status status = db.db().Get(options, db.meta(), ToSlice(kAliasesFromKey), &value);
  if (status.IsNotFound()) return std::uint64_t{0};  // nothing has gone yet
  if (!status.ok()) return FromRocks("read where aliases begin", status);
  const auto first = ByteCursor(value).U64be();
  if (!first || value.size() != sizeof(*first)) {
    return Error{Code::kCorrupt, "stored beginning of aliases: not what was written"};
  }
  return *first;
}

Result<std::optional<Alias>> AliasRows::AliasOf(const TraceId& trace) const {
  const auto value = Get(db_, options_, AliasKey(trace));
  if (!value) return value.error();
  if (!*value) return std::optional<Alias>();
  auto alias = DecodeAlias(trace, **value);
  if (!alias) return Damaged(trace);
  if (alias->sequence < first_sequence_) return std::optional<Alias>();
  return alias;
}

Result<FamilyExtent> AliasRows::ExtentOf(const TraceId& top) const {
  const auto value = Get(db_, options_, ExtentKey(top));
  if (!value) return value.error();
  if (!*value) return FamilyExtent{};
  const auto extent = DecodeExtent(**value);
  const auto sequence = SequenceOfAliasRow(ExtentKey(top), **value);
  if (!extent || !sequence) return Damaged(top);
  return *sequence < first_sequence_ ? FamilyExtent{} : *extent;
}

Status AliasRows::EachChild(const TraceId& parent,
                            const std::function<bool(const TraceId&)>& each) const {
  const std::string prefix = ChildPrefix(parent);
  const std::unique_ptr<rocksdb::Iterator> rows(db_.db().NewIterator(options_, db_.alias()));
  for (rows->Seek(prefix); rows->Valid(); rows->Next()) {
    if (!rows->key().ToStringView().starts_with(prefix)) break;
    const auto child = DecodeChild(rows->key().ToStringView());
    if (!child) return Damaged(parent);
    if (!each(*child)) break;
  }
  return rows->status().ok() ? Status{} : FromRocks("read aliases", rows->status());
}

void PutAliases(RocksDb& db, const Joins& joins, std::uint64_t sequence,
                rocksdb::WriteBatch& batch) {
  for (const auto& [trace, alias] : joins.aliases) {
    batch.Put(db.alias(), AliasKey(trace), EncodeAlias(alias));
    batch.Put(db.alias(), ChildKey(alias.parent_trace, trace), EncodeChild(sequence));
  }
  for (const auto& [top, extent] : joins.extents) {
    batch.Put(db.alias(), ExtentKey(top), EncodeExtent(extent, sequence));
  }
}

void DeleteAliases(RocksDb& db, const Family& family, rocksdb::WriteBatch& batch) {
  for (const FamilyMember& member : family) {
    batch.Delete(db.alias(), AliasKey(member.trace));
    batch.Delete(db.alias(), ExtentKey(member.trace));
    if (!member.alias.parent_trace.valid()) continue;
    batch.Delete(db.alias(), ChildKey(member.alias.parent_trace, member.trace));
  }
}

Status Aliases::Load() {
  const auto first = FirstAliasSequence(db_, {});
  if (!first) return first.error();
  NoteForgotten(*first);
  const std::unique_ptr<rocksdb::Iterator> rows(db_.db().NewIterator({}, db_.alias()));
  rows->SeekToFirst();
  any_ = rows->Valid();
  return rows->status().ok() ? Status{} : FromRocks("read aliases", rows->status());
}

void Aliases::PutForgotten(std::uint64_t sequence, rocksdb::WriteBatch& batch) const {
  if (sequence <= first_sequence_) return;
  std::string value;
  AppendU64be(value, sequence);
  batch.Put(db_.meta(), ToSlice(kAliasesFromKey), value);
}

void Aliases::NoteForgotten(std::uint64_t sequence) {
  if (sequence <= first_sequence_) return;
  first_sequence_ = sequence;
  db_.forgotten_aliases().SetFirstSequence(sequence);
}

Result<Family> Aliases::Of(const View& view, const TraceId& trace, std::uint64_t horizon) const {
  if (!any_) {
    Family alone(1);
    alone.front().trace = trace;
    return alone;
  }
  const auto first = FirstAliasSequence(db_, view.snapshot->options());
  if (!first) return first.error();
  return FamilyOf(trace, horizon, AliasRows(db_, view.snapshot->options(), *first));
}

}  // namespace clew::store
