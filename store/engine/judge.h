// Which traces of a segment stay in the store in their tier.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/engine/family_standing.h"
#include "store/engine/tiers.h"
#include "store/engine/trace_parts.h"
#include "store/engine/view.h"
#include "store/segment/reader.h"

namespace clew::store {

struct TraceVerdict {
  TraceId id;
  bool keep = true;
  Tier tier = Tier::kAll;         // in which it was judged: that of its newest spans
  std::vector<SegmentKey> parts;  // all sealed parts of the trace, this segment among them
  // Of them. Nothing when one cannot be read: such a trace is kept.
  std::optional<Summary> summary;
  std::uint32_t judge_again = 0;  // as SegmentMeta::judge_again
  std::uint32_t rows = 0;         // spans in this segment
  std::string base;               // as SegmentReader::BaseOf
  // All the traces that it is one with, itself among them; null: it is alone. They are judged as
  // one: all of them get the same verdict, as long as all that is stored of them can be read.
  std::shared_ptr<const Family> family;
};

// One for each trace of the segment, in its order. `families`: of the view; whoever judges several
// segments keeps it, since a family may have spans in all of them. `key` must be in the view's
// catalog. kCorrupt: the segment cannot be read.
Result<std::vector<TraceVerdict>> Judge(const View& view, const TraceParts& parts,
                                        FamilyStandings& families, const SegmentReader& segment,
                                        const SegmentKey& key, const Tiers& tiers);

// Adds what goes by these verdicts.
void AddLosses(const std::vector<TraceVerdict>& verdicts, const SegmentMeta& meta,
               RetentionReport& report);

}  // namespace clew::store
