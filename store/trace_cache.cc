#include "store/trace_cache.h"

namespace clew::store {
namespace {

constexpr std::size_t kNodeBytes = 160;  // list and hash nodes, roughly

}  // namespace

TraceState* TraceCache::Find(const TraceId& trace) {
  const auto found = by_trace_.find(trace);
  if (found == by_trace_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  touched_.push_back(&*found->second);
  return &found->second->state;
}

TraceState* TraceCache::Insert(const TraceId& trace, TraceState state) {
  entries_.push_front(Entry{trace, std::move(state)});
  by_trace_[trace] = entries_.begin();
  touched_.push_back(&entries_.front());
  return &entries_.front().state;
}

void TraceCache::Account(Entry& entry) {
  const std::size_t now = kNodeBytes + entry.state.summary.MemoryBytes() +
                          entry.state.stored.capacity() * sizeof(std::uint64_t);
  bytes_ += now - entry.bytes;
  entry.bytes = now;
}

void TraceCache::Trim() {
  for (Entry* entry : touched_) Account(*entry);
  touched_.clear();
  while (bytes_ > max_bytes_ && !entries_.empty()) {
    bytes_ -= entries_.back().bytes;
    by_trace_.erase(entries_.back().trace);
    entries_.pop_back();
  }
}

void TraceCache::Clear() {
  entries_.clear();
  by_trace_.clear();
  touched_.clear();
  bytes_ = 0;
}

}  // namespace clew::store
