// What the store knows of a trace without reading its spans; kept up to date with every span that
// arrives.
//
// Folding spans in any order gives the same summary, so it does not matter who reports first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/span_store.h"

namespace clew::store {

// Bounds of one summary: it is rewritten whenever its trace grows, so a hostile trace must not make
// it grow without end. The spans themselves are always kept and found by id.
inline constexpr std::size_t kMaxSummaryServices = 1024;
inline constexpr std::size_t kMaxSummaryOperations = 1024;

// The span that names the trace: the earliest root, without a root the earliest span. Ties go to
// the lower id.
struct LeadSpan {
  bool is_root = false;
  UnixNanos start{};
  SpanId id;
  std::string service;
  std::string name;
};

struct SummaryService {
  std::string name;
  std::vector<std::uint32_t> operations;  // OperationHash of its spans' names, sorted, unique
};

struct Summary {
  LeadSpan lead;
  UnixNanos start{};
  UnixNanos end{};
  std::uint32_t span_count = 0;
  std::uint32_t error_count = 0;
  std::vector<SummaryService> services;  // sorted by name, unique
  bool truncated = false;  // more services or operations than the bounds allow: some are missing

  // Folds a span in; true when it is the first one of its service that is counted here.
  bool Add(const SpanRecord& span);
  const SummaryService* FindService(std::string_view service) const;
  // False when no span of that service (any, when empty) has that name. True may be wrong: the
  // hashes are short and the list may be truncated. Read the trace to be sure.
  bool MayHaveOperation(std::string_view service, std::string_view operation) const;
  std::size_t MemoryBytes() const;
};

std::uint32_t OperationHash(std::string_view name);

// Protobuf encoding, as docs/formats/keys.md lists it; unknown fields are skipped, so that fields
// can be added.
std::string EncodeSummary(const Summary& summary);
Result<Summary> DecodeSummary(std::string_view bytes);

}  // namespace clew::store
