#include "store/engine/writer.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "store/fragment.h"

namespace clew::store {
namespace {

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

rocksdb::WriteOptions Durable() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::Make(RocksDb& db, Visible& visible, SealedCounts& counts,
                                             const TraceParts& parts, SegmentCache& cache,
                                             Aliases& aliases, WriterOptions options) {
  std::unique_ptr<Writer> self(
      new Writer(db, visible, counts, parts, cache, aliases, std::move(options)));
  if (const Status loaded = self->Load(); !loaded) return loaded.error();
  self->sealer_ = std::jthread([writer = self.get()] { writer->SealLoop(); });
  return self;
}

Writer::Writer(RocksDb& db, Visible& visible, SealedCounts& counts, const TraceParts& parts,
               SegmentCache& cache, Aliases& aliases, WriterOptions options)
    : db_(db),
      visible_(visible),
      counts_(counts),
      parts_(parts),
      cache_(cache),
      options_(std::move(options)),
      aliases_(aliases),
      states_(options_.state_bytes),
      hours_(counts.hours()),
      joins_(db, aliases) {}

Writer::~Writer() {
  MutexLock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  room_.notify_all();
}

Status Writer::Load() {
  MutexLock lock(mutex_);
  std::string stored;
  const rocksdb::Status status = db_.db().Get({}, db_.meta(), ToSlice(kTotalsKey), &stored);
  if (status.ok()) {
    const auto decoded = DecodeTotals(stored);
    if (!decoded) return Error{Code::kCorrupt, "stored totals: not what was written"};
    sealed_ = *decoded;
  } else if (!status.IsNotFound()) {
    return FromRocks("read totals", status);
  }
  return ReadHot();
}

// What was acknowledged and not sealed yet becomes what it was: the same chunks in the same order.
Status Writer::ReadHot() {
  if (const Status loaded = joins_.Load(); !loaded) return loaded;
  const std::unique_ptr<rocksdb::Iterator> rows(db_.db().NewIterator({}, db_.hot()));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    const auto sequence = DecodeHotKey(rows->key().ToStringView());
    if (!sequence) return Error{Code::kCorrupt, "stored hot key: wrong shape"};
    auto spans = DecodeFragment(rows->value().ToStringView());
    if (!spans) return spans.error();
    auto grown = Grow(*spans);
    if (!grown) return grown.error();
    AddCalls(joins_.CallsOf(*sequence), grown->calls);
    sealed_.next_sequence = std::max(sealed_.next_sequence, *sequence + 1);
    Publish(*sequence, *std::move(grown));
  }
  joins_.ForgetCalls();
  return rows->status().ok() ? Status{} : FromRocks("read hot spans", rows->status());
}

Status Writer::Append(const SpanBatch& batch) {
  if (batch.empty()) return {};
  MutexLock lock(mutex_);
  if (const Status space = CheckSpace(); !space) return space;
  if (const Status room = WaitForRoom(); !room) return room;
  if (const Status repaired = Repair(); !repaired) return repaired;
  auto added = Grow(batch);
  Status result = added ? Status{} : Status(added.error());
  if (added && !added->spans.empty()) result = WriteHot(*std::move(added));
  states_.Trim();
  states_wrong_ = !result.has_value();
  if (MustSeal()) wake_.notify_one();
  return result;
}

// One atomic write of the spans and of what they decide about traces that belong to others.
Status Writer::WriteHot(Growth growth) {
  std::vector<const SpanRecord*> spans;
  spans.reserve(growth.spans.size());
  for (const SpanRecord& span : growth.spans) spans.push_back(&span);
  const std::uint64_t sequence = sealed_.next_sequence;
  rocksdb::WriteBatch batch;
  batch.Put(db_.hot(), EncodeHotKey(sequence), EncodeFragment(spans));
  const std::uint64_t first_hot = hot_.empty() ? sequence : hot_.front().chunk->sequence();
  const auto joined = joins_.Add(growth.spans, sequence, first_hot, options_.clock(), batch);
  if (!joined) return joined.error();
  AddCalls(*joined, growth.calls);
  const rocksdb::Status written = db_.db().Write(Durable(), &batch);
  if (!written.ok()) {
    failed_ = FromRocks("write spans", written);
    return *failed_;
  }
  ++sealed_.next_sequence;
  Publish(sequence, std::move(growth));
  return {};
}

void Writer::AddCalls(const std::vector<JoinedCall>& joined, std::vector<Call>& calls) {
  const UnixNanos now = options_.clock();
  for (const JoinedCall& call : joined) {
    if (call.caller == call.callee) continue;
    calls.push_back({.caller = services_.Of(call.caller),
                     .callee = services_.Of(call.callee),
                     .hour = EdgeHour(call.start, now, hours_),
                     .error = call.error,
                     .duration = call.duration,
                     .weight = call.weight});
  }
}

// Refusing while there is room is better than failing without: a write that ends half-way stops the
// database.
Status Writer::CheckSpace() const {
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

// After a failed write RocksDB refuses all others. Telling it to go on (DB::Resume) is no way: it
// does not get over a log that could not be written, and version 7.8.3 aborts the process when the
// write that failed was one of the manifest. So everything can still be read, and writing goes on
// when the store has been opened again (store/recovering_store.h).
Status Writer::Repair() {
  if (const Status works = Works(); !works) return works;
  if (states_wrong_) {
    if (const Status rebuilt = RebuildStates(); !rebuilt) return rebuilt;
    states_wrong_ = false;
  }
  return {};
}

Status Writer::Works() const {
  if (failed_) return *failed_;
  if (db_.stopped()) return StoppedError();
  return {};
}

// Hot spans are in memory and are all asked by every search, so there must not be too many.
bool Writer::HasRoom() const {
  return hot_spans_ < 4 * options_.seal_spans && hot_bytes_ < 2 * options_.seal_bytes;
}

Status Writer::WaitForRoom() {
  room_.wait(mutex_, [&]() REQUIRES(mutex_) { return stopping_ || seal_error_ || HasRoom(); });
  if (HasRoom()) return {};
  if (seal_error_) return *seal_error_;
  return Error{Code::kUnavailable, "the store is closing"};
}

Result<Writer::Growth> Writer::Grow(const SpanBatch& batch) {
  const UnixNanos now = options_.clock();
  const View view = visible_.Take();  // sealing waits for mutex_: it stays true
  Growth growth;
  growth.spans.reserve(batch.size());
  for (const SpanRecord& span : batch) {
    auto state = StateOf(view, span.trace_id);
    if (!state) return state.error();
    if (!grower_.Add(span, fingerprinter_.Of(span), now, **state, &growth.calls)) {
      continue;
    }
    if ((*state)->hot_spans++ == 0 && (*state)->parts.empty()) ++hot_new_traces_;
    growth.earliest = std::min(growth.earliest, (*state)->start);
    growth.spans.push_back(span);
  }
  NoteLate(growth.spans);
  return growth;
}

Result<TraceState*> Writer::StateOf(const View& view, const TraceId& trace) {
  if (TraceState* const known = states_.Find(trace)) return known;
  auto parts = parts_.SealedParts(view, trace);
  if (!parts) return parts.error();
  TraceState state;
  state.parts = *std::move(parts);
  if (!state.parts.empty()) {
    // What cannot be read must not keep the rest of the trace away: a repeated span may be stored
    // twice then.
    if (const Status loaded = LoadSealed(view, trace, state); !loaded) {
      LOG_WARN("sealed spans cannot be read", {"trace_id", trace.ToHex()},
               {"error", loaded.error().message});
    }
  }
  TraceState* const inserted = states_.Insert(trace);
  *inserted = std::move(state);
  return inserted;
}

// A trace grows that is not remembered any more: its sealed spans are read again.
Status Writer::LoadSealed(const View& view, const TraceId& trace, TraceState& state) {
  Fingerprinter fingerprinter;
  const UnixNanos now = options_.clock();
  for (const SegmentKey& part : state.parts) {
    const auto segment = cache_.Open(view, part);
    if (!segment) return segment.error();
    const auto at = (*segment)->FindTrace(trace);
    if (!at) return at.error();
    if (!*at)
      return Error{Code::kCorrupt, NameOf(part) + ": trace " + trace.ToHex() + " is missing"};
    const auto grow = [&](SpanRecord&& span, std::uint64_t) REQUIRES(mutex_) {
      grower_.Add(span, fingerprinter.Of(span), now, state, nullptr);
      state.sealed.Add(GlanceAt(span));
      return true;
    };
    const Status read = (*segment)->ReadTrace(**at, grow);
    if (!read) return read;
  }
  return {};
}

// Spans of a trace mostly come in a row, and a large one has many parts to copy.
void Writer::NoteLate(const SpanBatch& added) {
  const TraceId* last = nullptr;
  for (const SpanRecord& span : added) {
    if (last != nullptr && *last == span.trace_id) continue;
    last = &span.trace_id;
    const TraceState& state = *states_.Find(span.trace_id);
    if (state.parts.empty()) continue;
    late_[span.trace_id] = {state.parts, state.start, state.end - state.start};
    late_changed_ = true;
  }
}

std::shared_ptr<const LateTraces> Writer::CopyLate() {
  late_changed_ = false;
  return std::make_shared<const LateTraces>(late_);
}

void Writer::Publish(std::uint64_t sequence, Growth growth) {
  auto chunk = std::make_shared<const HotChunk>(sequence, std::move(growth.spans),
                                                std::move(growth.calls), growth.earliest);
  hot_spans_ += chunk->spans().size();
  hot_bytes_ += chunk->bytes();
  hot_.push_back({chunk, std::chrono::steady_clock::now()});
  visible_.Append(std::move(chunk), late_changed_ ? CopyLate() : nullptr);
}

// Forgets what a failed write has left in the states, and reads the hot spans in again.
Status Writer::RebuildStates() {
  if (const Status loaded = joins_.Load(); !loaded) return loaded;
  joins_.ForgetCalls();  // the chunks have them already
  states_.Clear();
  late_.clear();
  late_changed_ = true;
  hot_new_traces_ = 0;
  for (const Hot& hot : hot_) {
    // The chunk has the calls already.
    if (const auto grown = Grow(hot.chunk->spans()); !grown) return grown.error();
  }
  return {};
}

Status Writer::TakesAppends() const {
  if (const Status works = Works(); !works) return works;
  if (seal_error_ && !HasRoom()) return *seal_error_;
  return CheckSpace();
}

WriterStats Writer::stats() const {
  MutexLock lock(mutex_);
  const Status taken = TakesAppends();
  return {.spans = sealed_.spans + hot_spans_,
          .traces = sealed_.traces + hot_new_traces_,
          .hot_spans = hot_spans_,
          .seals = seals_,
          .exact_spans = exact_spans_,
          .longest_seal_lag = longest_lag_,
          .writable = Works().has_value(),
          .refusal = taken ? "" : taken.error().message,
          .joins = joins_.counters()};
}

}  // namespace clew::store
