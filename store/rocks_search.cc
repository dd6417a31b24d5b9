#include "store/rocks_search.h"

#include <memory>
#include <vector>

#include "store/rocks_reader.h"

namespace clew::store {

TraceSource AllTraces(RocksDb& db) {
  return [&db](const std::function<bool(const ScannedTrace&)>& each) -> Status {
    const std::unique_ptr<rocksdb::Iterator> traces(db.db().NewIterator({}, db.trace()));
    for (traces->SeekToFirst(); traces->Valid(); traces->Next()) {
      const auto id = TraceId::FromBytes(traces->key().ToStringView());
      if (!id) return Error{Code::kCorrupt, "stored trace key: wrong size"};
      std::vector<SpanRecord> spans;
      const Status read = ReadFragments(db, *id, [&](const SpanRecord& span) {
        spans.push_back(span);
        return true;
      });
      if (!read) return read;
      if (!spans.empty() && !each({spans, PlaceOf(Summarize(spans))})) return {};
    }
    return traces->status().ok() ? Status{} : FromRocks("read traces", traces->status());
  };
}

}  // namespace clew::store
