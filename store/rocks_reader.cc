#include "store/rocks_reader.h"

#include <memory>

#include "store/fragment.h"
#include "store/keys.h"

namespace clew::store {
namespace {

std::unique_ptr<rocksdb::Iterator> NewIterator(RocksDb& db, const rocksdb::ReadOptions& options,
                                               rocksdb::ColumnFamilyHandle* family) {
  return std::unique_ptr<rocksdb::Iterator>(db.db().NewIterator(options, family));
}

}  // namespace

Status ReadFragments(RocksDb& db, const TraceId& trace,
                     const std::function<bool(const SpanRecord&)>& each) {
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;  // the prefix is the trace id: filters spare most files
  const auto it = NewIterator(db, options, db.hot());
  for (it->Seek(Encode(HotKey{trace, 0})); it->Valid(); it->Next()) {
    const auto key = DecodeHotKey(it->key().ToStringView());
    if (!key || key->trace != trace) return Error{Code::kCorrupt, "stored hot key: wrong shape"};
    const auto spans = DecodeFragment(trace, it->value().ToStringView());
    if (!spans) return spans.error();
    for (const SpanRecord& span : *spans) {
      if (!each(span)) return {};
    }
  }
  return it->status().ok() ? Status{} : FromRocks("read trace", it->status());
}

Result<std::vector<TraceId>> FindTracesByPrefix(RocksDb& db, const std::string& hex_prefix,
                                                std::size_t limit) {
  // An odd number of digits ends in half a byte: seek to it with a zero, compare as text.
  std::string padded = hex_prefix;
  padded.resize(2 * TraceId::kSize, '0');
  const auto first = TraceId::FromHex(padded);
  if (!first || hex_prefix.size() > padded.size()) {
    return Error{Code::kInvalid, "a trace id has up to 32 hex digits: " + hex_prefix};
  }
  std::vector<TraceId> found;
  const auto it = NewIterator(db, {}, db.trace());
  for (it->Seek({first->View().data(), TraceId::kSize}); it->Valid() && found.size() < limit;
       it->Next()) {
    const auto trace = TraceId::FromBytes(it->key().ToStringView());
    if (!trace) return Error{Code::kCorrupt, "stored trace key: wrong size"};
    if (!trace->ToHex().starts_with(hex_prefix)) break;
    found.push_back(*trace);
  }
  if (!it->status().ok()) return FromRocks("look for trace ids", it->status());
  return found;
}

Result<std::vector<ServiceInfo>> ListServices(RocksDb& db) {
  std::vector<ServiceInfo> services;
  const auto it = NewIterator(db, {}, db.meta());
  for (it->Seek({kServicePrefix.data(), kServicePrefix.size()}); it->Valid(); it->Next()) {
    const std::string_view key = it->key().ToStringView();
    if (!key.starts_with(kServicePrefix)) break;
    const auto totals = DecodeServiceTotals(it->value().ToStringView());
    if (!totals) return Error{Code::kCorrupt, "stored service totals: not what was written"};
    services.push_back(
        {std::string(key.substr(kServicePrefix.size())), totals->span_count, totals->last_seen});
  }
  if (!it->status().ok()) return FromRocks("list services", it->status());
  return services;
}

UnixNanos OldestStart(RocksDb& db) {
  // The rows of all traces, newest first, are those with an empty service; the last of them is the
  // oldest.
  const auto it = NewIterator(db, {}, db.index());
  it->SeekForPrev(IndexPrefix({}) + std::string(sizeof(std::uint64_t) + TraceId::kSize, '\xff'));
  const auto key = it->Valid() ? DecodeIndexKey(it->key().ToStringView()) : std::nullopt;
  return key && key->service.empty() ? key->start : UnixNanos{};
}

}  // namespace clew::store
