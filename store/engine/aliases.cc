#include "store/engine/aliases.h"

#include <memory>

#include "store/join/rows.h"

namespace clew::store {
namespace {

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
  const std::unique_ptr<rocksdb::Iterator> rows(db_.db().NewIterator({}, db_.alias()));
  rows->SeekToFirst();
  any_ = rows->Valid();
  return rows->status().ok() ? Status{} : FromRocks("read aliases", rows->status());
}

Result<Family> Aliases::Of(const View& view, const TraceId& trace, std::uint64_t horizon) const {
  if (!any_) {
    Family alone(1);
    alone.front().trace = trace;
    return alone;
  }
  return FamilyOf(trace, horizon, AliasRows(db_, view.snapshot->options(), view.first_sequence));
}

}  // namespace clew::store
