#include "store/admin/file_check.h"

#include <rocksdb/sst_file_reader.h>

#include <algorithm>

namespace clew::store {
namespace {

std::vector<rocksdb::LiveFileMetaData> LiveFiles(RocksDb& db) {
  std::vector<rocksdb::LiveFileMetaData> files;
  db.db().GetLiveFilesMetaData(&files);
  return files;
}

rocksdb::Status ReadTable(const std::string& path) {
  rocksdb::SstFileReader reader{rocksdb::Options()};
  rocksdb::Status status = reader.Open(path);
  if (status.ok()) status = reader.VerifyChecksum();
  return status;
}

}  // namespace

Status CheckFiles(RocksDb& db, const EachDamage& each, const Watch& watch, CheckReport& report) {
  const auto files = LiveFiles(db);
  std::uint64_t total = 0;
  for (const auto& file : files) total += file.size;
  for (const auto& file : files) {
    if (watch.Cancelled()) return CancelledError();
    watch.Report("bytes of tables", report.bytes, total);
    ++report.files;
    report.bytes += file.size;
    const rocksdb::Status read = ReadTable(file.db_path + file.name);
    if (read.ok()) continue;
    const auto now = LiveFiles(db);
    const bool is_live = std::any_of(now.begin(), now.end(), [&](const auto& other) {
      return other.file_number == file.file_number;
    });
    if (!is_live) continue;
    each({"file " + file.name.substr(1) + " (" + file.column_family_name + ")", read.ToString(),
          "what it holds is named below; look at the disk, then restore a backup"});
  }
  return {};
}

}  // namespace clew::store
