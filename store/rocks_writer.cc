#include "store/rocks_writer.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "store/fragment.h"
#include "store/rocks_reader.h"

namespace clew::store {
namespace {

// A fragment is read whole, so it stays small; a batch with more of one trace becomes several.
constexpr std::size_t kMaxFragmentBytes = 256 * 1024;
// Fingerprints kept of one trace, 32 MiB. A longer trace starts to forget, and may store a repeated
// span twice.
constexpr std::size_t kMaxFingerprints = 1 << 22;
constexpr std::size_t kMaxCachedServices = 10'000;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

// The batch's spans, those of a trace side by side in the order in which they came.
std::vector<const SpanRecord*> GroupByTrace(const SpanBatch& batch) {
  std::vector<const SpanRecord*> spans;
  spans.reserve(batch.size());
  for (const SpanRecord& span : batch) spans.push_back(&span);
  std::stable_sort(spans.begin(), spans.end(), [](const SpanRecord* a, const SpanRecord* b) {
    return a->trace_id < b->trace_id;
  });
  return spans;
}

}  // namespace

Result<std::unique_ptr<RocksWriter>> RocksWriter::Make(RocksDb& db, Options options) {
  std::string stored;
  Totals totals;
  const rocksdb::Status status = db.db().Get({}, db.meta(), ToSlice(kTotalsKey), &stored);
  if (status.ok()) {
    const auto decoded = DecodeTotals(stored);
    if (!decoded) return Error{Code::kCorrupt, "stored totals: not what was written"};
    totals = *decoded;
  } else if (!status.IsNotFound()) {
    return FromRocks("read totals", status);
  }
  return std::unique_ptr<RocksWriter>(new RocksWriter(db, std::move(options), totals));
}

RocksWriter::RocksWriter(RocksDb& db, Options options, Totals totals)
    : db_(db), options_(std::move(options)), cache_(options_.cache_bytes), totals_(totals) {}

Totals RocksWriter::totals() const {
  MutexLock lock(mutex_);
  return totals_;
}

Status RocksWriter::Append(const SpanBatch& batch) {
  if (batch.empty()) return {};
  MutexLock lock(mutex_);
  if (const Status space = CheckSpace(); !space) return space;
  if (failed_) {
    if (const Status resumed = Resume(); !resumed) return resumed;
  }
  const Totals before = totals_;
  batch_.Clear();
  touched_services_.clear();
  Status result = Prepare(batch);
  if (result && batch_.Count() > 0) {
    PutTotals();
    rocksdb::WriteOptions durable;
    durable.sync = true;
    const rocksdb::Status written = db_.db().Write(durable, &batch_);
    if (!written.ok()) {
      failed_ = true;
      result = FromRocks("write spans", written);
    }
  }
  if (result) {
    cache_.Trim();
    if (services_.size() > kMaxCachedServices) services_.clear();
  } else {  // the caches are ahead of the database
    cache_.Clear();
    services_.clear();
    totals_ = before;
  }
  return result;
}

// Refusing while there is room is better than failing without: a write that ends half-way stops the
// database.
Status RocksWriter::CheckSpace() const {
  struct statvfs disk {};
  if (::statvfs(options_.path.c_str(), &disk) != 0) {
    return ErrnoError("ask for free space of", options_.path, errno);
  }
  const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (free >= options_.min_free_bytes) return {};
  return Error{Code::kExhausted, "the disk of " + options_.path + " has " + std::to_string(free) +
                                     " bytes left, less than " +
                                     std::to_string(options_.min_free_bytes)};
}

// After a failed write RocksDB refuses all others until it has been told to go on.
Status RocksWriter::Resume() {
  const rocksdb::Status status = db_.db().Resume();
  if (!status.ok()) return FromRocks("resume after a failed write", status);
  failed_ = false;
  return {};
}

Status RocksWriter::Prepare(const SpanBatch& batch) {
  const std::vector<const SpanRecord*> spans = GroupByTrace(batch);
  for (auto first = spans.begin(); first != spans.end();) {
    const TraceId& trace = (*first)->trace_id;
    const auto last = std::find_if(first, spans.end(),
                                   [&](const SpanRecord* span) { return span->trace_id != trace; });
    if (const Status prepared = PrepareTrace(Run(first, last)); !prepared) return prepared;
    first = last;
  }
  return {};
}

Status RocksWriter::PrepareTrace(Run spans) {
  const TraceId& trace = spans.front()->trace_id;
  auto loaded = Load(trace);
  if (!loaded) return loaded.error();
  TraceState& state = **loaded;
  const bool is_new = state.summary.span_count == 0;
  const UnixNanos old_start = state.summary.start;

  std::vector<const SpanRecord*> added;
  std::vector<std::string_view> new_services;
  for (const SpanRecord* span : spans) {
    const std::uint64_t fingerprint = fingerprinter_.Of(*span);
    const auto at = std::lower_bound(state.stored.begin(), state.stored.end(), fingerprint);
    if (at != state.stored.end() && *at == fingerprint) continue;
    state.stored.insert(at, fingerprint);
    added.push_back(span);
    if (state.summary.Add(*span)) new_services.push_back(span->service);
    if (const Status counted = CountService(*span); !counted) return counted;
  }
  if (added.empty()) return {};
  if (state.stored.size() > kMaxFingerprints) state.stored.clear();

  PutFragments(added);
  batch_.Put(db_.trace(), ToSlice(trace.View()), EncodeSummary(state.summary));
  const bool moved = !is_new && state.summary.start != old_start;
  if (is_new) new_services.emplace_back();  // the row without a service
  PutIndex(trace, state.summary, moved ? std::optional(old_start) : std::nullopt, new_services);
  totals_.spans += added.size();
  totals_.traces += is_new ? 1 : 0;
  return {};
}

Result<TraceState*> RocksWriter::Load(const TraceId& trace) {
  if (TraceState* cached = cache_.Find(trace)) return cached;
  TraceState state;
  rocksdb::PinnableSlice stored;
  const rocksdb::Status status = db_.db().Get({}, db_.trace(), ToSlice(trace.View()), &stored);
  if (status.ok()) {
    auto summary = DecodeSummary(stored.ToStringView());
    if (!summary) return summary.error();
    auto fingerprints = LoadFingerprints(trace);
    if (!fingerprints) return fingerprints.error();
    state = {*std::move(summary), *std::move(fingerprints)};
  } else if (!status.IsNotFound()) {
    return FromRocks("read trace summary", status);
  }
  return cache_.Insert(trace, std::move(state));
}

Result<std::vector<std::uint64_t>> RocksWriter::LoadFingerprints(const TraceId& trace) {
  std::vector<std::uint64_t> fingerprints;
  Fingerprinter fingerprinter;
  const Status read = ReadFragments(db_, trace, [&](const SpanRecord& span) {
    fingerprints.push_back(fingerprinter.Of(span));
    return fingerprints.size() < kMaxFingerprints;
  });
  if (!read) return read.error();
  std::sort(fingerprints.begin(), fingerprints.end());
  return fingerprints;
}

void RocksWriter::PutFragments(Run spans) {
  while (!spans.empty()) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    do {
      bytes += spans[count]->span.size();
      ++count;
    } while (count < spans.size() && bytes + spans[count]->span.size() <= kMaxFragmentBytes);
    const HotKey key{spans.front()->trace_id, totals_.next_sequence++};
    batch_.Put(db_.hot(), Encode(key), EncodeFragment(spans.first(count)));
    spans = spans.subspan(count);
  }
}

void RocksWriter::PutIndex(const TraceId& trace, const Summary& summary,
                           std::optional<UnixNanos> moved_from,
                           const std::vector<std::string_view>& new_services) {
  const auto put = [&](std::string_view service) REQUIRES(mutex_) {
    EncodeIndexKey(service, summary.start, trace, key_);
    batch_.Put(db_.index(), key_, {});
  };
  if (!moved_from) {
    for (const std::string_view service : new_services) put(service);
    return;
  }
  // An earlier span has come: every row is under the old start. Deleting one that never was, of a
  // new service, is harmless and rarer than looking it up is dear.
  const auto move = [&](std::string_view service) REQUIRES(mutex_) {
    EncodeIndexKey(service, *moved_from, trace, key_);
    batch_.Delete(db_.index(), key_);
    put(service);
  };
  move({});
  for (const SummaryService& service : summary.services) move(service.name);
}

Status RocksWriter::CountService(const SpanRecord& span) {
  auto found = services_.find(span.service);
  if (found == services_.end()) {
    ServiceTotals totals;
    std::string stored;
    const rocksdb::Status status = db_.db().Get({}, db_.meta(), ServiceKey(span.service), &stored);
    if (status.ok()) {
      const auto decoded = DecodeServiceTotals(stored);
      if (!decoded) return Error{Code::kCorrupt, "stored service totals: not what was written"};
      totals = *decoded;
    } else if (!status.IsNotFound()) {
      return FromRocks("read service totals", status);
    }
    found = services_.emplace(span.service, totals).first;
  }
  ++found->second.span_count;
  found->second.last_seen = std::max(found->second.last_seen, span.end);
  touched_services_.insert(&found->first);
  return {};
}

void RocksWriter::PutTotals() {
  for (const std::string* name : touched_services_) {
    batch_.Put(db_.meta(), ServiceKey(*name), Encode(services_.find(*name)->second));
  }
  batch_.Put(db_.meta(), ToSlice(kTotalsKey), Encode(totals_));
}

}  // namespace clew::store
