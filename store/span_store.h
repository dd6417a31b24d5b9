// Where the collector keeps spans. Hides the engine: memory_store is the model in tests,
// rocks_store the real one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/join/joiner.h"
#include "store/query/query.h"
#include "store/span_record.h"

namespace clew::store {

struct ServiceInfo {
  std::string name;
  std::uint64_t span_count = 0;
  UnixNanos last_seen{};  // latest end of a span
  bool operator==(const ServiceInfo&) const = default;
};

// The spans of one service with one name and kind.
struct OperationInfo {
  std::string name;
  std::uint8_t kind = 0;  // OTLP's number
  std::uint64_t span_count = 0;
  UnixNanos last_seen{};  // latest end of a span
  bool operator==(const OperationInfo&) const = default;
};

struct AttributeKeyInfo {
  std::string key;
  AttributeScope scope = AttributeScope::kSpan;  // kSpan or kResource
  std::uint64_t span_count = 0;  // spans that have it, themselves or by their resource
  bool operator==(const AttributeKeyInfo&) const = default;
};

// A list that the store keeps within bounds, whatever is sent.
template <typename T>
struct Listing {
  std::vector<T>
      items;  // sorted: services and operations by name (then kind), keys by key (then scope)
  bool truncated = false;  // there are more than the store keeps
};

// Calls of one service to another. A call is a span whose parent span is in the same trace and of
// another service; it counts when both are stored, in either order of arrival. Every call weighs
// the inverse of its sampling probability (SamplingWeight), so the counts are estimates of what
// happened.
struct Dependency {
  std::string caller;
  std::string callee;
  double calls = 0;
  double errors = 0;  // calls whose span has status ERROR
  std::chrono::nanoseconds p50{0}, p95{0},
      p99{0};  // of the callee's spans, within 2 % of the value
};

struct DependencyGraph {
  std::vector<Dependency> edges;  // sorted by caller, callee
  // The time that the edges cover, by the start of the called span: the range asked for, widened to
  // the store's buckets.
  UnixNanos start_min{};
  UnixNanos start_max{};
  bool truncated = false;  // there are more edges than the store keeps
};

struct StoreStats {
  std::uint64_t spans = 0;
  std::uint64_t traces = 0;
  std::uint64_t bytes_on_disk = 0;
  UnixNanos oldest{};  // start of the oldest trace; zero: empty
  JoinCounters joins;  // since the start
};

// All methods may be called from any thread.
class SpanStore {
 public:
  virtual ~SpanStore() = default;
  // On return the batch is durable: it survives a crash of the process and of the machine. Spans
  // whose (trace, span, content) is stored already are stored once. Errors: kExhausted (disk full),
  // kUnavailable (closing), kCorrupt.
  virtual Status Append(const SpanBatch& batch) = 0;
  // Hands every span of the trace to `each`, in order of start, until it returns false; spans that
  // start together in order of their ids. Streams: memory does not grow with the trace. `each` may
  // call the store. kNotFound without any; kCorrupt when a part cannot be read, after everything
  // that can.
  virtual Status ReadTrace(const TraceId& trace,
                           const std::function<bool(const SpanRecord&)>& each) = 0;
  // Ids that begin with `hex_prefix` (8 to 32 lower-case digits), rising, at most `limit`.
  virtual Result<std::vector<TraceId>> FindByPrefix(const std::string& hex_prefix,
                                                    std::size_t limit) = 0;
  // One page of the traces that match. While spans are written, following next_cursor to the end
  // lists no trace twice, and every trace that was stored when the first page was asked and matched
  // all the time; what was stored later may be listed or not. A page may be empty and have a next
  // one. A partial page in order kNewest lacks nothing before its next_cursor; one in order
  // kSlowest holds the slowest of what was examined and has no next_cursor. Only kUnreadable pages
  // lack traces in the midst. Errors: kInvalid (query, cursor; a cursor may expire, the message
  // says so), kCorrupt, kUnavailable.
  virtual Result<Page> Search(const Query& query, const Budget& budget) = 0;
  virtual Result<std::vector<ServiceInfo>> Services() = 0;
  // Of one service; an unknown one has none.
  virtual Result<Listing<OperationInfo>> Operations(const std::string& service) = 0;
  virtual Result<Listing<AttributeKeyInfo>> AttributeKeys() = 0;
  // Calls whose span starts within the range, inclusive.
  virtual Result<DependencyGraph> Dependencies(UnixNanos start_min, UnixNanos start_max) = 0;
  virtual StoreStats Stats() = 0;
};

}  // namespace clew::store
