#include "store/format_2.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/log.h"
#include "store/keys.h"
#include "store/rocks_db.h"

namespace clew::store {
namespace {

constexpr std::size_t kRowsAWrite = 4096;

// The newest bucket that has a segment; nothing without any.
Result<std::optional<std::uint32_t>> NewestBucket(rocksdb::DB& db,
                                                  rocksdb::ColumnFamilyHandle* meta) {
  std::optional<std::uint32_t> newest;
  const std::unique_ptr<rocksdb::Iterator> rows(db.NewIterator({}, meta));
  for (rows->Seek({kMetaPrefix.data(), kMetaPrefix.size()}); rows->Valid(); rows->Next()) {
    const std::string_view row = rows->key().ToStringView();
    if (!row.starts_with(kMetaPrefix)) break;
    const auto key = DecodeSegmentKey(row.substr(kMetaPrefix.size()));
    if (!key) return Error{Code::kCorrupt, "stored key of a segment: wrong shape"};
    newest = key->bucket;
  }
  if (!rows->status().ok()) return FromRocks("read segment metas", rows->status());
  return newest;
}

class Migration {
 public:
  Migration(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta) : db_(db), meta_(meta) {}

  Status Run() {
    const auto newest = NewestBucket(db_, meta_);
    if (!newest) return newest.error();
    bucket_ = *newest;
    std::string bucket;
    AppendU32be(bucket, bucket_.value_or(0));
    const std::string counts = CountsPrefix(bucket_.value_or(0));
    // "service/" | name and "key/" | scope u8 | key
    Status moved = Move("service/", [&](std::string_view name) {
      return counts + static_cast<char>(CountsKey::kService) + std::string(name);
    });
    if (!moved) return moved;
    moved = Move("key/", [&](std::string_view key) { return counts + std::string(key); });
    if (!moved) return moved;
    // "edge/" | hour u32be | caller length u16be | caller | callee
    moved = Move("edge/", [&](std::string_view edge) {
      return std::string(kEdgePrefix) + std::string(edge.substr(0, bucket.size())) + bucket +
             std::string(edge.substr(std::min(edge.size(), bucket.size())));
    });
    if (!moved) return moved;
    std::string version;
    AppendU32be(version, kFormatVersion);
    batch_.Put(meta_, {kFormatKey.data(), kFormatKey.size()}, version);
    return Write();
  }

 private:
  // Gives the rows behind `prefix` the keys that `key_of` makes of what follows it. Without any
  // segment they are of spans that are gone.
  Status Move(std::string_view prefix, const std::function<std::string(std::string_view)>& key_of) {
    const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator({}, meta_));
    for (rows->Seek({prefix.data(), prefix.size()}); rows->Valid(); rows->Next()) {
      const std::string_view row = rows->key().ToStringView();
      if (!row.starts_with(prefix)) break;
      if (bucket_) batch_.Put(meta_, key_of(row.substr(prefix.size())), rows->value());
      batch_.Delete(meta_, rows->key());
      if (batch_.Count() < kRowsAWrite) continue;
      if (const Status written = Write(); !written) return written;
    }
    return rows->status().ok() ? Status{} : FromRocks("read counts", rows->status());
  }

  Status Write() {
    rocksdb::WriteOptions durable;
    durable.sync = true;
    const rocksdb::Status status = db_.Write(durable, &batch_);
    batch_.Clear();
    return status.ok() ? Status{} : FromRocks("bring the store to a new format", status);
  }

  rocksdb::DB& db_;
  rocksdb::ColumnFamilyHandle* const meta_;
  std::optional<std::uint32_t> bucket_;
  rocksdb::WriteBatch batch_;
};

}  // namespace

Status MigrateFormat2(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta) {
  const Status migrated = Migration(db, meta).Run();
  if (migrated) LOG_INFO("the store has been brought from format 2 to format 3");
  return migrated;
}

}  // namespace clew::store
