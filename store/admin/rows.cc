#include "store/admin/rows.h"

#include <memory>

namespace clew::store {

Status EachRow(RocksDb& db, const rocksdb::ReadOptions& options,
               rocksdb::ColumnFamilyHandle* family, std::string_view prefix,
               const std::function<Status(std::string_view key, std::string_view value)>& each) {
  const std::unique_ptr<rocksdb::Iterator> rows(db.db().NewIterator(options, family));
  for (rows->Seek({prefix.data(), prefix.size()}); rows->Valid(); rows->Next()) {
    const std::string_view key = rows->key().ToStringView();
    if (!key.starts_with(prefix)) break;
    const Status taken = each(key.substr(prefix.size()), rows->value().ToStringView());
    if (!taken) return taken;
  }
  if (rows->status().ok()) return {};
  return FromRocks("read rows of family " + family->GetName(), rows->status());
}

}  // namespace clew::store
