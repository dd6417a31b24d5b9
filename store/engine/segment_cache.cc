#include "store/engine/segment_cache.h"

namespace clew::store {

std::string NameOf(const SegmentKey& key) {
  return "segment " + std::to_string(key.bucket) + "/" + std::to_string(key.number);
}

Result<std::shared_ptr<const SegmentReader>> SegmentCache::Read(const View& view,
                                                                const SegmentKey& key) const {
  if (!view.catalog->contains(key)) {
    return Error{Code::kNotFound, NameOf(key) + " was dropped"};
  }
  rocksdb::ReadOptions options = view.snapshot->options();
  options.fill_cache = false;  // this cache is the better one: it holds the columns unpacked
  std::string bytes;
  const rocksdb::Status status = db_.db().Get(options, db_.segment(), Encode(key), &bytes);
  if (status.IsNotFound()) return Error{Code::kNotFound, NameOf(key) + " is not there"};
  if (!status.ok()) return FromRocks("read " + NameOf(key), status);
  auto segment = SegmentReader::Open(std::move(bytes));
  if (!segment) return Error{segment.error().code, NameOf(key) + ": " + segment.error().message};
  return segment;
}

Result<std::shared_ptr<const SegmentReader>> SegmentCache::Open(const View& view,
                                                                const SegmentKey& key) {
  if (view.catalog->contains(key)) {
    MutexLock lock(mutex_);
    const auto at = by_key_.find(key);
    if (at != by_key_.end()) {
      entries_.splice(entries_.begin(), entries_, at->second);
      return at->second->segment;
    }
  }
  auto segment = Read(view, key);
  if (!segment) return segment.error();
  MutexLock lock(mutex_);
  const auto [at, is_new] = by_key_.try_emplace(key);
  if (!is_new) return at->second->segment;  // another thread was faster
  entries_.push_front({key, *segment});
  at->second = entries_.begin();
  Trim();
  return *segment;
}

void SegmentCache::Forget(const SegmentKey& key) {
  MutexLock lock(mutex_);
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return;
  entries_.erase(at->second);
  by_key_.erase(at);
}

// Segments grow while they are here, so their sizes are asked again each time; there are a few
// hundred of them.
void SegmentCache::Trim() {
  std::size_t bytes = 0;
  for (const Entry& entry : entries_) bytes += entry.segment->MemoryBytes();
  while (bytes > max_bytes_ && entries_.size() > 1) {
    bytes -= entries_.back().segment->MemoryBytes();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

}  // namespace clew::store
