// Reads one segment with its filter, and compares it with what leads to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/admin/reports.h"
#include "store/engine/segment_meta.h"
#include "store/rocks_db.h"

namespace clew::store {

class SegmentReader;

class SegmentCheck {
 public:
  // All must outlive this. `options` has the snapshot of the check.
  SegmentCheck(RocksDb& db, const rocksdb::ReadOptions& options, const EachDamage& each)
      : db_(db), options_(options), each_(each) {}

  struct Found {
    std::uint64_t spans = 0;    // that can be read
    std::uint64_t indexed = 0;  // traces here whose index row leads here
    bool whole = false;         // all of it could be read, so that both numbers are all there are
  };
  // `filter`: nothing when it is missing, which has been told.
  Found Run(const SegmentMeta& meta, std::string bytes,
            const std::optional<std::string_view>& filter) const;

 private:
  void Tell(const SegmentMeta& meta, std::string problem, std::string remedy) const;
  void CheckFilter(const SegmentMeta& meta, const SegmentReader& segment,
                   std::string_view filter) const;
  Status CheckMeta(const SegmentMeta& meta, const SegmentReader& segment) const;
  Result<std::uint64_t> CountIndexed(const SegmentMeta& meta, const SegmentReader& segment) const;

  RocksDb& db_;
  const rocksdb::ReadOptions& options_;
  const EachDamage& each_;
};

}  // namespace clew::store
