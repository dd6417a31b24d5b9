#include "store/engine/trace_states.h"

#include <cstring>
#include <protozero/exception.hpp>

#include "store/otlp_fields.h"
#include "store/sampling_weight.h"

namespace clew::store {
namespace {

// Calls of one trace that wait for their caller; each new span is compared with all of them. What
// is beyond is not counted as a call.
constexpr std::size_t kMaxOrphans = 4096;
constexpr std::size_t kMaxNames = 20'000;
constexpr std::size_t kNodeBytes = 160;  // list and hash nodes, roughly

std::uint64_t Bits(const SpanId& id) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, id.bytes.data(), sizeof(bits));
  return bits;
}

double WeightOf(const SpanRecord& span) {
  try {
    return SamplingWeight(ReadSpanFields(span.span).trace_state);
  } catch (const protozero::exception&) {  // not a span that a receiver lets in
    return 1;
  }
}

}  // namespace

const std::string* ServiceNames::Of(const std::string& name) {
  const auto at = names_.find(name);
  if (at != names_.end()) return &*at;
  return &*names_.insert(names_.size() < kMaxNames ? name : "other services").first;
}

std::size_t TraceState::MemoryBytes() const {
  return fingerprints.MemoryBytes() + span_services.MemoryBytes() +
         orphans.capacity() * sizeof(Orphan) + parts.capacity() * sizeof(SegmentKey) +
         sealed.MemoryBytes();
}

TraceState* TraceStates::Find(const TraceId& trace) {
  const auto found = by_trace_.find(trace);
  if (found == by_trace_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  Touch(*found->second);
  return &found->second->state;
}

TraceState* TraceStates::Insert(const TraceId& trace) {
  entries_.emplace_front();
  entries_.front().trace = trace;
  by_trace_[trace] = entries_.begin();
  Touch(entries_.front());
  return &entries_.front().state;
}

void TraceStates::Touch(Entry& entry) {
  if (entry.touched) return;
  entry.touched = true;
  touched_.push_back(&entry);
}

void TraceStates::Trim() {
  for (Entry* entry : touched_) {
    const std::size_t now = kNodeBytes + sizeof(Entry) + entry->state.MemoryBytes();
    bytes_ += now - entry->bytes;
    entry->bytes = now;
    entry->touched = false;
  }
  touched_.clear();
  for (auto at = entries_.end(); bytes_ > max_bytes_ && at != entries_.begin();) {
    --at;
    // Hot traces are the recently used ones: behind the first of them there are hardly others.
    if (at->state.hot_spans > 0) break;
    bytes_ -= at->bytes;
    by_trace_.erase(at->trace);
    at = entries_.erase(at);
  }
}

void TraceStates::Erase(const TraceId& trace) {
  const auto found = by_trace_.find(trace);
  if (found == by_trace_.end()) return;
  if (found->second->touched) std::erase(touched_, &*found->second);
  bytes_ -= found->second->bytes;
  entries_.erase(found->second);
  by_trace_.erase(found);
}

void TraceStates::Clear() {
  entries_.clear();
  by_trace_.clear();
  touched_.clear();
  bytes_ = 0;
}

bool TraceGrower::Add(const SpanRecord& span, std::uint64_t fingerprint, UnixNanos now,
                      TraceState& state, std::vector<Call>* calls) {
  if (!state.fingerprints.Insert(fingerprint)) return false;
  state.start = std::min(state.start, span.start);
  state.end = std::max(state.end, span.end);
  const std::string* const service = services_.Of(span.service);
  const bool is_first = state.span_services.Insert(Bits(span.span_id), service);
  const auto count = [&](const std::string* caller, Call call) {
    call.caller = caller;
    if (calls != nullptr && caller != call.callee) calls->push_back(call);
  };
  if (span.parent_id.valid()) {
    const Call call{.callee = service,
                    .hour = EdgeHour(span.start, now, hours_),
                    .error = span.status_code == 2,
                    .duration = span.end - span.start,
                    .weight = WeightOf(span)};
    if (const auto* const caller = state.span_services.Get(Bits(span.parent_id))) {
      count(*caller, call);
    } else if (state.orphans.size() < kMaxOrphans) {
      state.orphans.push_back({span.parent_id, call});
    }
  }
  if (is_first && !state.orphans.empty()) {
    std::erase_if(state.orphans, [&](const TraceState::Orphan& orphan) {
      if (orphan.parent != span.span_id) return false;
      count(service, orphan.call);
      return true;
    });
  }
  return true;
}

}  // namespace clew::store
