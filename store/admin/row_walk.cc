#include "store/admin/row_walk.h"

#include "store/engine/segment_cache.h"

namespace clew::store {

RowWalk::RowWalk(RocksDb& db, const rocksdb::ReadOptions& options,
                 rocksdb::ColumnFamilyHandle* family, EachStray stray)
    : db_(db),
      options_(options),
      family_(family),
      stray_(std::move(stray)),
      rows_(db.db().NewIterator(options, family)) {
  rows_->SeekToFirst();
}

void RowWalk::TellStraysBefore(const std::optional<std::string>& key) {
  for (; rows_->Valid() && (!key || rows_->key().ToStringView() < *key); rows_->Next()) {
    const auto decoded = DecodeSegmentKey(rows_->key().ToStringView());
    stray_(decoded ? NameOf(*decoded)
                   : "a key of " + std::to_string(rows_->key().size()) + " bytes");
  }
}

Result<std::string> RowWalk::Find(const SegmentKey& key) {
  const std::string row = Encode(key);
  TellStraysBefore(row);
  if (rows_->Valid()) {
    if (rows_->key().ToStringView() != row) return Error{Code::kNotFound, "is missing"};
    std::string value = rows_->value().ToString();
    rows_->Next();
    return value;
  }
  if (rows_->status().ok()) return Error{Code::kNotFound, "is missing"};
  // The iterator stands before something that it cannot read. The row may be behind it.
  std::string value;
  const rocksdb::Status read = db_.db().Get(options_, family_, row, &value);
  rows_->Seek(row + '\0');
  if (read.ok()) return value;
  if (read.IsNotFound()) return Error{Code::kNotFound, "is missing"};
  return FromRocks("read", read);
}

Status RowWalk::Finish() {
  TellStraysBefore(std::nullopt);
  return rows_->status().ok() ? Status{} : FromRocks("read", rows_->status());
}

}  // namespace clew::store
