// Where the collector keeps spans. Hides the engine: memory_store is the model in tests,
// rocks_store the real one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace clew::store {

// One validated span on its way into the store. The three byte strings are the OTLP messages as
// they came, so that nothing that a client sent is lost; the fields beside them are what the store
// indexes.
struct SpanRecord {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_id;  // invalid: root
  std::string service;
  std::string name;
  std::uint8_t kind = 0;         // OTLP's numbers
  std::uint8_t status_code = 0;  // OTLP's numbers
  UnixNanos start{};
  UnixNanos end{};
  std::shared_ptr<const std::string>
      resource;  // serialized Resource + schema_url: a ResourceSpans without scope_spans
  std::shared_ptr<const std::string>
      scope;         // serialized InstrumentationScope + schema_url: a ScopeSpans without spans
  std::string span;  // serialized Span
};
using SpanBatch = std::vector<SpanRecord>;

struct TraceQuery {
  std::string service;    // exact; empty: any
  std::string operation;  // exact span name; empty: any
  UnixNanos start_min{};
  UnixNanos start_max = UnixNanos::max();
  std::chrono::nanoseconds duration_min{0};
  std::chrono::nanoseconds duration_max = std::chrono::nanoseconds::max();
  bool errors_only = false;
  std::uint32_t limit = 20;
};

struct TraceSummary {
  TraceId trace_id;
  std::string root_service;
  std::string root_name;
  bool has_root = false;
  UnixNanos start{};
  UnixNanos end{};
  std::uint32_t span_count = 0;
  std::uint32_t error_count = 0;
  std::vector<std::string> services;  // sorted, unique
};

struct ServiceInfo {
  std::string name;
  std::uint64_t span_count = 0;
  UnixNanos last_seen{};
};

struct StoreStats {
  std::uint64_t spans = 0;
  std::uint64_t traces = 0;
  std::uint64_t bytes_on_disk = 0;
  UnixNanos oldest{};  // zero: empty
};

// All methods may be called from any thread.
class SpanStore {
 public:
  virtual ~SpanStore() = default;
  // On return the batch is durable: it survives a crash of the process and of the machine. Spans
  // whose (trace, span, content) is stored already are stored once. Errors: kExhausted (disk full),
  // kUnavailable (closing), kCorrupt.
  virtual Status Append(const SpanBatch& batch) = 0;
  // Hands every span of the trace to `each`, in no particular order, until it returns false.
  // kNotFound without any.
  virtual Status ReadTrace(const TraceId& trace,
                           const std::function<bool(const SpanRecord&)>& each) = 0;
  // Ids that begin with `hex_prefix` (8 to 32 lower-case digits), at most `limit`.
  virtual Result<std::vector<TraceId>> FindByPrefix(const std::string& hex_prefix,
                                                    std::size_t limit) = 0;
  // Matching traces, newest start first.
  virtual Result<std::vector<TraceSummary>> Search(const TraceQuery& query) = 0;
  virtual Result<std::vector<ServiceInfo>> Services() = 0;
  virtual StoreStats Stats() = 0;
};

}  // namespace clew::store
