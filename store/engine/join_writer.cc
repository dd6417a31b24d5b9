#include "store/engine/join_writer.h"

#include <algorithm>
#include <memory>

#include "store/join/rows.h"

namespace clew::store {
namespace {

constexpr std::uint64_t kDropStep = 256;  // appends whose rows are deleted at a time

}  // namespace

Status JoinWriter::Load() {
  joiner_.Clear();
  calls_.clear();
  const AliasRows stored(db_, {}, aliases_.first_sequence());
  const std::unique_ptr<rocksdb::Iterator> rows(db_.db().NewIterator({}, db_.pending()));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    auto span = DecodePending(rows->key().ToStringView(), rows->value().ToStringView());
    if (!span)
      return Error{Code::kCorrupt, "stored row of a span that waits: not what was written"};
    const std::uint64_t sequence = span->sequence;
    std::vector<JoinedCall> calls;
    if (const Status replayed = joiner_.Replay(*std::move(span), stored, calls); !replayed) {
      return replayed;
    }
    if (!calls.empty()) calls_[sequence].push_back(std::move(calls.front()));
  }
  return rows->status().ok() ? Status{} : FromRocks("read spans that wait", rows->status());
}

const std::vector<JoinedCall>& JoinWriter::CallsOf(std::uint64_t sequence) const {
  static const std::vector<JoinedCall> kNone;
  const auto at = calls_.find(sequence);
  return at == calls_.end() ? kNone : at->second;
}

Result<std::vector<JoinedCall>> JoinWriter::Add(const SpanBatch& spans, std::uint64_t sequence,
                                                std::uint64_t first_hot, UnixNanos now,
                                                rocksdb::WriteBatch& batch) {
  const AliasRows stored(db_, {}, aliases_.first_sequence());
  Joins joins;
  for (const SpanRecord& span : spans) {
    if (const Status added = joiner_.Add(span, sequence, now, stored, joins); !added) {
      return added.error();
    }
  }
  std::uint32_t index = 0;
  for (const WaitingSpan& span : joins.waiting) {
    batch.Put(db_.pending(), PendingKey(sequence, index++), EncodePending(span));
  }
  PutAliases(db_, joins, sequence, batch);
  if (!joins.aliases.empty()) aliases_.NoteAny();
  DropOldRows(std::min(first_hot, joiner_.oldest(sequence)), batch);
  return std::move(joins.calls);
}

// Rows of spans that nobody can be joined with any more. Those that completed the calls of hot
// appends stay, so that these are found again after a crash.
void JoinWriter::DropOldRows(std::uint64_t keep_from, rocksdb::WriteBatch& batch) {
  if (keep_from < dropped_to_ + kDropStep) return;
  batch.DeleteRange(db_.pending(), PendingKey(dropped_to_, 0), PendingKey(keep_from, 0));
  dropped_to_ = keep_from;
}

}  // namespace clew::store
