#include "store/engine/freed_space.h"

#include <rocksdb/convenience.h>

#include <utility>

namespace clew::store {

void FreedSpace::Add(const SegmentKey& first, const SegmentKey& last, bool all) {
  MutexLock lock(mutex_);
  ranges_.push_back({first, last, all, db_.db().GetLatestSequenceNumber()});
}

Status FreedSpace::Free() {
  std::uint64_t oldest = 0;  // snapshot; 0: there is none
  db_.db().GetIntProperty(rocksdb::DB::Properties::kOldestSnapshotSequence, &oldest);
  std::vector<Range> now;
  {
    MutexLock lock(mutex_);
    for (Range& range : std::exchange(ranges_, {})) {
      // Tables that are dropped whole are gone for snapshots, too.
      (oldest == 0 || oldest >= range.sequence ? now : ranges_).push_back(range);
    }
  }
  for (auto range = now.begin(); range != now.end(); ++range) {
    const Status freed = Free(*range);
    if (freed) continue;
    MutexLock lock(mutex_);
    ranges_.insert(ranges_.end(), range, now.end());
    return freed;
  }
  return {};
}

// Tables with nothing but what is gone go at once, the others are rewritten.
Status FreedSpace::Free(const Range& range) {
  const std::string first = Encode(range.first);
  const std::string last = Encode(range.last);
  const rocksdb::Slice begin(first);
  const rocksdb::Slice end(last);
  for (rocksdb::ColumnFamilyHandle* family : {db_.segment(), db_.filter()}) {
    rocksdb::Status status;
    if (range.all) status = rocksdb::DeleteFilesInRange(&db_.db(), family, &begin, &end);
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;
    if (status.ok() && db_.stopped()) return StoppedError();
    if (status.ok()) status = db_.db().CompactRange(options, family, &begin, &end);
    if (!status.ok()) return FromRocks("free the space of dropped segments", status);
  }
  return {};
}

}  // namespace clew::store
