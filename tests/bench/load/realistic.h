// Traces that look like those of a shop: what real services send compresses and indexes like this,
// random bytes do not.
//
// 8 spans in a random tree over 30 services and 600 operations, 11 attributes (method, path of two
// million values, status with 2% errors, server address and port, protocol version, user id of
// 200,000, pod of 600, scheme, body size, user agent), exponential durations, random ids, resources
// with name, host and version: some 466 bytes a span in OTLP. No span comes twice.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "store/span_record.h"

namespace clew::bench {

inline constexpr int kSpansPerTrace = 8;

struct WorkSpan {
  SpanId id;
  SpanId parent;
  int service = 0;    // 0 to 29
  int operation = 0;  // 0 to 19, within the service
  bool error = false;
  std::uint64_t start_ns = 0;
  std::uint64_t end_ns = 0;
  std::uint64_t detail = 0;  // what path, user, pod, ... are drawn from
  std::size_t text_bytes = 0;  // of a further attribute, a query's text; 0: it has none
};
struct WorkTrace {
  TraceId id;
  std::vector<WorkSpan> spans;
};

// The same seed gives the same traces, number by number, in any order.
class Workload {
 public:
  // `begin_ns`: start of trace 0, Unix time; the others follow in steps of `step_ns`.
  Workload(std::uint64_t seed, std::uint64_t begin_ns, std::uint64_t step_ns = 100'000);

  WorkTrace Trace(std::uint64_t number) const;
  // A serialized ExportTraceServiceRequest with traces `first` to `first + count - 1`, grouped by
  // resource.
  std::string Request(std::uint64_t first, std::uint64_t count) const;
  // The same with any traces.
  static std::string Request(std::span<const WorkTrace> traces);
  // The same spans as the receiver hands them to the store, trace by trace.
  store::SpanBatch Records(std::uint64_t first, std::uint64_t count) const;
  // The serialized Span, and the service's name.
  static std::string SerializeSpan(const TraceId& trace, const WorkSpan& span);
  static std::string ServiceName(int service);

 private:
  const std::uint64_t seed_;
  const std::uint64_t begin_ns_;
  const std::uint64_t step_ns_;
  std::vector<std::shared_ptr<const std::string>> resources_;  // by service
  std::shared_ptr<const std::string> scope_;
};

}  // namespace clew::bench
