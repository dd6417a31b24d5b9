#include "store/admin/compact.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "store/admin/backup.h"
#include "store/rocks_db.h"

namespace clew::store {
namespace {

constexpr std::uint64_t kPieceBytes = 256u << 20;
constexpr std::chrono::milliseconds kPoll{50};

// What is rewritten in one go.
struct Piece {
  rocksdb::ColumnFamilyHandle* family = nullptr;
  std::optional<std::string> first;  // key; nothing: the whole family
  std::optional<std::string> last;
  std::uint64_t bytes = 0;
};

std::vector<rocksdb::LiveFileMetaData> FilesOf(RocksDb& db, const std::string& family) {
  std::vector<rocksdb::LiveFileMetaData> files;
  db.db().GetLiveFilesMetaData(&files);
  std::erase_if(files, [&](const auto& file) { return file.column_family_name != family; });
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.smallestkey < b.smallestkey; });
  return files;
}

std::uint64_t TableBytes(RocksDb& db) {
  std::uint64_t bytes = 0;
  db.db().GetAggregatedIntProperty(rocksdb::DB::Properties::kLiveSstFilesSize, &bytes);
  return bytes;
}

// Segments lie in the order of their keys, so that a range of keys is a few tables. The other
// families are small beside them, and of a style that rewrites all at once.
std::vector<Piece> Divide(RocksDb& db) {
  std::vector<Piece> pieces;
  for (rocksdb::ColumnFamilyHandle* family : db.families()) {
    const bool by_range = family == db.segment();
    bool open = false;
    for (const auto& file : FilesOf(db, family->GetName())) {
      if (!open) pieces.push_back({.family = family});
      Piece& piece = pieces.back();
      piece.bytes += file.size;
      if (by_range) {
        if (!piece.first) piece.first = file.smallestkey;
        piece.last = std::max(piece.last.value_or(""), file.largestkey);
      }
      open = !by_range || piece.bytes < kPieceBytes;
    }
  }
  return pieces;
}

rocksdb::Status Rewrite(RocksDb& db, const Piece& piece, const Watch& watch, std::uint64_t done,
                        std::uint64_t total) {
  std::atomic<bool> cancelled{false};
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;  // sealing goes on
  options.canceled = &cancelled;
  const std::jthread poll([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      watch.Report("bytes of tables", done, total);
      if (watch.Cancelled()) cancelled = true;
      std::this_thread::sleep_for(kPoll);
    }
  });
  const auto slice = [](const std::optional<std::string>& key) {
    return key ? rocksdb::Slice(*key) : rocksdb::Slice();
  };
  const rocksdb::Slice first = slice(piece.first);
  const rocksdb::Slice last = slice(piece.last);
  return db.db().CompactRange(options, piece.family, piece.first ? &first : nullptr,
                              piece.last ? &last : nullptr);
}

}  // namespace

Result<CompactReport> CompactDatabase(RocksDb& db, const std::string& path, const Watch& watch) {
  CompactReport report{.bytes_before = TableBytes(db)};
  std::uint64_t done = 0;
  for (const Piece& piece : Divide(db)) {
    if (watch.Cancelled()) return CancelledError();
    if (const Status room = RequireFree(path, piece.bytes); !room) return room.error();
    if (db.stopped()) return StoppedError();
    const rocksdb::Status status = Rewrite(db, piece, watch, done, report.bytes_before);
    if (watch.Cancelled()) return CancelledError();
    if (!status.ok()) return FromRocks("compact family " + piece.family->GetName(), status);
    done += piece.bytes;
  }
  report.bytes_after = TableBytes(db);
  return report;
}

}  // namespace clew::store
