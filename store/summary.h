// What the store knows of a trace, or of a part of one, without reading its spans.
//
// Folding spans in any order gives the same summary, and so does merging summaries of parts: it
// does not matter who reports first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/query/query.h"
#include "store/span_glance.h"

namespace clew::store {

// Services of one summary: it is kept whenever its trace grows, so a hostile trace must not make it
// grow without end. The spans themselves are always kept, and found by their service.
inline constexpr std::size_t kMaxSummaryServices = 1024;

// The span that names the trace: the earliest root, without a root the earliest span. Ties go to
// the lower id.
struct LeadSpan {
  bool is_root = false;
  UnixNanos start{};
  SpanId id;
  std::string service;
  std::string name;
};

struct Summary {
  LeadSpan lead;
  UnixNanos start{};
  UnixNanos end{};
  std::uint32_t span_count = 0;  // 0: nothing has been folded in yet
  std::uint32_t error_count = 0;
  std::vector<std::string> services;  // sorted, unique, the first kMaxSummaryServices that came

  void Add(const SpanGlance& span);
  // Folds in the summary of other spans.
  void Merge(const Summary& other);
  std::size_t MemoryBytes() const;
};

// Of traces that are one, the summaries in the order of their family: the first one names it.
Summary SummaryOfWhole(const std::vector<Summary>& parts);

// The answer for a client.
TraceSummary ToTraceSummary(const TraceId& trace, Summary summary);

// Protobuf encoding, as docs/formats/keys.md lists it; unknown fields are skipped, so that fields
// can be added.
std::string EncodeSummary(const Summary& summary);
Result<Summary> DecodeSummary(std::string_view bytes);

}  // namespace clew::store
