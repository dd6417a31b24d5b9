#include "store/admin/database_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "store/admin/alias_check.h"
#include "store/admin/file_check.h"
#include "store/admin/row_walk.h"
#include "store/admin/rows.h"
#include "store/admin/segment_check.h"
#include "store/engine/counts.h"
#include "store/engine/edges.h"
#include "store/engine/segment_cache.h"
#include "store/fragment.h"

namespace clew::store {
namespace {

constexpr char kRestore[] = "restore a backup";
constexpr char kStartRemedy[] = "the collector does not start with it; restore a backup";
constexpr char kStrayRemedy[] = "nothing reads it; it costs its space only";
constexpr std::uint64_t kWatchEvery = 4096;  // rows

class Checker {
 public:
  Checker(RocksDb& db, const DbSnapshot& snapshot, const EachDamage& each, const Watch& watch)
      : db_(db), options_(snapshot.options()), watch_(watch), each_([this, &each](const Damage& d) {
          ++report_.damages;
          each(d);
        }) {
    options_.fill_cache = false;  // what queries use stays in memory
  }

  Result<CheckReport> Run() {
    if (const Status files = CheckFiles(db_, each_, watch_, report_); !files) return files.error();
    CheckMetas();
    if (const Status segments = CheckSegments(); !segments) return segments.error();
    if (const Status index = CheckIndex(); !index) return index.error();
    CheckHot();
    const Status aliases = CheckAliases(db_, options_, each_, watch_);
    if (!aliases) return aliases.error();
    CheckCounts();
    CheckTotals();
    return report_;
  }

 private:
  struct Entry {
    SegmentMeta meta;
    std::uint64_t indexed = 0;  // traces in the segment whose index row leads to it
    std::uint64_t rows = 0;     // index rows that lead to it
    bool whole = false;         // `indexed` is all of them
  };

  // Calls `each` with the rows of a family that begin with `prefix`, without it; false when not all
  // of them could be read, which is told.
  template <typename Each>
  bool ReadRows(rocksdb::ColumnFamilyHandle* family, std::string_view prefix, const char* what,
                Each each) {
    const Status read = EachRow(db_, options_, family, prefix, [&each](auto key, auto value) {
      each(key, value);
      return Status{};
    });
    if (!read) each_({what, read.error().message, kRestore});
    return read.has_value();
  }

  void CheckMetas() {
    const bool all =
        ReadRows(db_.meta(), kMetaPrefix, "metas of segments", [&](auto key, auto value) {
          const auto decoded = DecodeSegmentKey(key);
          const auto meta = decoded ? DecodeSegmentMeta(*decoded, value)
                                    : Result<SegmentMeta>(Error{Code::kCorrupt, "wrong shape"});
          if (meta) {
            entries_[*decoded].meta = *meta;
            return;
          }
          metas_known_ = false;
          each_({decoded ? NameOf(*decoded) : "key of a segment's meta", meta.error().message,
                 kStartRemedy});
        });
    metas_known_ = metas_known_ && all;
  }

  Status CheckSegments() {
    const auto stray_in = [this](const char* family) {
      return [this, family](const std::string& name) {
        if (!metas_known_) return;  // its meta may be what could not be read
        each_({name, std::string("lies in family ") + family + " without a meta", kStrayRemedy});
      };
    };
    RowWalk segments(db_, options_, db_.segment(), stray_in("segment"));
    RowWalk filters(db_, options_, db_.filter(), stray_in("filter"));
    for (auto& [key, entry] : entries_) {
      if (watch_.Cancelled()) return CancelledError();
      watch_.Report("segments", report_.segments, entries_.size());
      std::vector<Damage> damages;
      CheckSegment(segments, filters, entry, damages);
      // Retention takes files away, whatever snapshots see in them.
      if (!damages.empty() && WasDropped(key)) continue;
      for (const Damage& damage : damages) each_(damage);
    }
    TellUnread(segments.Finish(), "family segment");
    TellUnread(filters.Finish(), "family filter");
    return {};
  }

  // One segment with its filter; a few damages at most.
  void CheckSegment(RowWalk& segments, RowWalk& filters, Entry& entry,
                    std::vector<Damage>& damages) {
    const SegmentKey& key = entry.meta.key;
    const auto filter = filters.Find(key);
    if (!filter) {
      damages.push_back(
          {NameOf(key), "filter: " + filter.error().message,
           "searches fail on it, its traces are found by their ids; restore a backup"});
    }
    auto bytes = segments.Find(key);
    if (!bytes) {
      damages.push_back({NameOf(key), bytes.error().message,
                         "its spans are lost, all else is answered; restore a backup, or let "
                         "retention drop it"});
      return;
    }
    ++report_.segments;
    const EachDamage keep = [&damages](const Damage& damage) { damages.push_back(damage); };
    const auto found = SegmentCheck(db_, options_, keep)
                           .Run(entry.meta, *std::move(bytes),
                                filter ? std::optional<std::string_view>(*filter) : std::nullopt);
    report_.spans += found.spans;
    entry.indexed = found.indexed;
    entry.whole = found.whole;
  }

  // Since the snapshot.
  bool WasDropped(const SegmentKey& key) {
    std::string meta;
    return db_.db().Get({}, db_.meta(), MetaKey(key), &meta).IsNotFound();
  }

  void TellUnread(const Status& status, const char* place) {
    if (!status) each_({place, status.error().message, kStrayRemedy});
  }

  // Every index row leads to segments that know its trace. What the segments lead to was counted
  // before: when the numbers are equal, these are the same rows.
  Status CheckIndex() {
    std::uint64_t rows = 0;
    const Status read = EachRow(db_, options_, db_.trace(), {}, [&](auto key, auto value) {
      CheckIndexRow(key, value);
      if (++rows % kWatchEvery != 0) return Status{};
      watch_.Report("index rows", rows, 0);
      return watch_.Cancelled() ? Status(CancelledError()) : Status{};
    });
    if (watch_.Cancelled()) return CancelledError();
    if (!read) {
      each_({"family trace", read.error().message,
             "these traces are not found by their ids; "
             "restore a backup"});
      return {};
    }
    for (const auto& [key, entry] : entries_) {
      if (!entry.whole || entry.rows <= entry.indexed) continue;
      each_({NameOf(key),
             std::to_string(entry.rows - entry.indexed) +
                 " index rows lead to it whose traces it does not have",
             "these traces are answered as damaged; restore a backup"});
    }
    return {};
  }

  void CheckIndexRow(std::string_view key, std::string_view value) {
    const auto trace = TraceId::FromBytes(key);
    auto parts = DecodeParts(value);
    if (!trace || !parts) {
      each_({"family trace",
             trace ? "row of trace " + trace->ToHex() + " has the wrong shape"
                   : "a key of the wrong shape",
             "the trace is not found by its id; restore a backup"});
      return;
    }
    std::sort(parts->begin(), parts->end());
    parts->erase(std::unique(parts->begin(), parts->end()), parts->end());
    bool leads = false;
    for (const SegmentKey& part : *parts) {
      const auto at = entries_.find(part);
      if (at == entries_.end()) continue;  // dropped
      ++at->second.rows;
      leads = true;
    }
    report_.traces += leads ? 1 : 0;
  }

  void CheckHot() {
    ReadRows(db_.hot(), {}, "family hot", [&](auto key, auto value) {
      const auto sequence = DecodeHotKey(key);
      const auto spans = DecodeFragment(value);
      if (sequence && spans) {
        report_.spans += spans->size();
        return;
      }
      each_({sequence ? "hot row " + std::to_string(*sequence) : "family hot",
             spans ? "a key of the wrong shape" : spans.error().message, kStartRemedy});
    });
  }

  void CheckCounts() {
    ReadRows(db_.meta(), kCountsPrefix, "counts", [&](auto rest, auto value) {
      const auto key = DecodeCountsKey(std::string(kCountsPrefix).append(rest));
      if (!key) return each_({"counts", "a key of the wrong shape", kStartRemedy});
      if (key->what == CountsKey::kService) {
        const auto counts = DecodeServiceCounts(value);
        if (!counts) {
          each_({"counts of service " + key->name, counts.error().message, kStartRemedy});
        }
      } else if (!ByteCursor(value).U64be()) {
        each_({"counts of attribute key " + key->name, "not a number", kStartRemedy});
      }
    });
    ReadRows(db_.meta(), kEdgePrefix, "counts of calls", [&](auto rest, auto value) {
      const std::string key = std::string(kEdgePrefix).append(rest);
      if (!DecodeEdgeKey(key)) {
        return each_({NameOfCalls(key), "a key of the wrong shape", kStartRemedy});
      }
      const auto counts = DecodeEdgeCounts(value);
      if (!counts) {
        each_({NameOfCalls(key), counts.error().message,
               "who calls whom is not answered for its hour; restore a backup"});
      }
    });
  }

  void CheckTotals() {
    std::string stored;
    const rocksdb::Status status =
        db_.db().Get(options_, db_.meta(), {kTotalsKey.data(), kTotalsKey.size()}, &stored);
    const auto differ = [&](const std::string& problem) {
      each_({"totals", problem, "numbers of spans are wrong; restore a backup"});
    };
    if (status.IsNotFound() && entries_.empty()) return;  // nothing was sealed yet
    if (!status.ok()) return differ(status.ToString());
    const auto totals = DecodeTotals(stored);
    if (!totals) return differ("not what was written");
    if (!metas_known_) return;
    std::uint64_t spans = 0;
    std::uint64_t last_segment = 0;
    std::uint64_t last_arrival = 0;
    for (const auto& [key, entry] : entries_) {
      spans += entry.meta.rows;
      last_segment = std::max(last_segment, key.number);
      last_arrival = std::max(last_arrival, entry.meta.last_arrival);
    }
    if (totals->spans != spans) {
      differ("say " + std::to_string(totals->spans) + " sealed spans, the segments " +
             std::to_string(spans));
    }
    if (totals->next_segment <= last_segment) differ("the next segment has a number that is taken");
    if (totals->next_sequence <= last_arrival) differ("the next append has a number that is taken");
  }

  RocksDb& db_;
  rocksdb::ReadOptions options_;
  const Watch& watch_;
  const EachDamage each_;
  CheckReport report_;
  std::map<SegmentKey, Entry> entries_;
  bool metas_known_ = true;  // all of them could be read
};

}  // namespace

Result<CheckReport> CheckDatabase(RocksDb& db, const DbSnapshot& snapshot, const EachDamage& each,
                                  const Watch& watch) {
  return Checker(db, snapshot, each, watch).Run();
}

}  // namespace clew::store
