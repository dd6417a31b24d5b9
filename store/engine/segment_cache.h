// Opened segments, with the columns that were unpacked of them: the newest ones are asked again and
// again.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"
#include "store/engine/view.h"
#include "store/rocks_db.h"
#include "store/segment/reader.h"

namespace clew::store {

// Any thread.
class SegmentCache {
 public:
  SegmentCache(RocksDb& db, std::size_t max_bytes) : db_(db), max_bytes_(max_bytes) {}

  // The segment as the view sees it. kNotFound: there is no such segment (it was dropped); kCorrupt
  // and others name it.
  Result<std::shared_ptr<const SegmentReader>> Open(const View& view, const SegmentKey& key);
  // The same, past the cache: for what reads everything once.
  Result<std::shared_ptr<const SegmentReader>> Read(const View& view, const SegmentKey& key) const;
  void Forget(const SegmentKey& key);

 private:
  struct Entry {
    SegmentKey key;
    std::shared_ptr<const SegmentReader> segment;
  };
  void Trim() REQUIRES(mutex_);

  RocksDb& db_;
  const std::size_t max_bytes_;
  Mutex mutex_;
  std::list<Entry> entries_ GUARDED_BY(mutex_);  // most recently used first
  std::map<SegmentKey, std::list<Entry>::iterator> by_key_ GUARDED_BY(mutex_);
};

// "segment 412345/17": for messages.
std::string NameOf(const SegmentKey& key);

}  // namespace clew::store
