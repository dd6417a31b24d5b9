#include "store/engine/trace_states.h"

#include <cstring>
#include <protozero/exception.hpp>

#include "store/otlp_fields.h"
#include "store/sampling_weight.h"

namespace clew::store {
namespace {

// Calls of one trace that wait for their caller; each new span is compared with all of them. What is
// beyond is not counted as a call.
constexpr std::size_t kMaxOrphans = 4096;
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

std::uint32_t ServiceNumbers::Of(const std::string& name) {
  const auto [at, is_new] =
      numbers_.try_emplace(name, static_cast<std::uint32_t>(names_.size()));
  if (is_new) names_.push_back(&at->first);
  return at->second;
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
  touched_.push_back(&*found->second);
  return &found->second->state;
}

TraceState* TraceStates::Insert(const TraceId& trace) {
  entries_.emplace_front();
  entries_.front().trace = trace;
  by_trace_[trace] = entries_.begin();
  touched_.push_back(&entries_.front());
  return &entries_.front().state;
}

void TraceStates::Trim() {
  for (Entry* entry : touched_) {
    const std::size_t now = kNodeBytes + sizeof(Entry) + entry->state.MemoryBytes();
    bytes_ += now - entry->bytes;
    entry->bytes = now;
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

void TraceStates::Clear() {
  entries_.clear();
  by_trace_.clear();
  touched_.clear();
  bytes_ = 0;
}

bool TraceGrower::Add(const SpanRecord& span, std::uint64_t fingerprint, UnixNanos now,
                      TraceState& state, Edges* edges) {
  if (!state.fingerprints.Insert(fingerprint, {})) return false;
  state.start = std::min(state.start, span.start);
  state.end = std::max(state.end, span.end);
  const std::uint32_t service = services_.Of(span.service);
  const bool is_first = state.span_services.Insert(Bits(span.span_id), service);
  if (span.parent_id.valid()) {
    TraceState::Orphan call{.parent = span.parent_id,
                            .service = service,
                            .hour = EdgeHour(span.start, now, hours_),
                            .duration = span.end - span.start,
                            .weight = WeightOf(span),
                            .error = span.status_code == 2};
    if (const std::uint32_t* caller = state.span_services.Get(Bits(span.parent_id))) {
      AddCall(*caller, call, edges);
    } else if (state.orphans.size() < kMaxOrphans) {
      state.orphans.push_back(call);
    }
  }
  if (is_first && !state.orphans.empty()) {
    std::erase_if(state.orphans, [&](const TraceState::Orphan& call) {
      if (call.parent != span.span_id) return false;
      AddCall(service, call, edges);
      return true;
    });
  }
  return true;
}

void TraceGrower::AddCall(std::uint32_t caller, const TraceState::Orphan& call, Edges* edges) {
  if (edges == nullptr || caller == call.service) return;
  EdgeCounts& edge =
      (*edges)[{call.hour, services_.Name(caller), services_.Name(call.service)}];
  edge.calls += call.weight;
  if (call.error) edge.errors += call.weight;
  edge.latency.Add(call.duration, call.weight);
}

}  // namespace clew::store
