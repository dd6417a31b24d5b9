#include "store/engine/judge.h"

#include <algorithm>

namespace clew::store {
namespace {

class Judgement {
 public:
  // All must outlive this.
  Judgement(const View& view, const TraceParts& parts, FamilyStandings& families,
            const SegmentReader& segment, const SegmentMeta& meta, const Tiers& tiers)
      : view_(view),
        parts_(parts),
        families_(families),
        segment_(segment),
        meta_(meta),
        tiers_(tiers) {}

  Result<TraceVerdict> Of(std::size_t trace) {
    const auto id = segment_.TraceAt(trace);
    if (!id) return id.error();
    const auto rows = segment_.RowsOf(trace);
    if (!rows) return rows.error();
    TraceVerdict verdict{.id = *id, .rows = rows->end - rows->begin};
    auto base = meta_.has_bases ? segment_.BaseOf(trace) : std::string();
    if (!base) return base.error();
    verdict.base = *std::move(base);
    if (const Status found = FindParts(verdict); !found) return found.error();
    if (const Status known = Summarize(trace, verdict); !known) return known.error();

    const auto standing = families_.Of(*id);
    if (!standing) {
      verdict.keep = true;  // with whom it would have to go is not known
      return verdict;
    }
    if (*standing != nullptr) {
      verdict.family = (*standing)->family;
      JudgeBy((*standing)->newest.value_or(tiers_.present()), verdict.family->front().trace,
              (*standing)->summary, verdict);
      return verdict;
    }
    std::uint32_t newest = view_.late->contains(*id) ? tiers_.present() : 0;
    for (const SegmentKey& part : verdict.parts) newest = std::max(newest, part.bucket);
    JudgeBy(newest, *id, verdict.summary, verdict);
    return verdict;
  }

 private:
  // By the bucket of the newest spans, the id that the sample goes by, and all that is known.
  void JudgeBy(std::uint32_t newest, const TraceId& id, const std::optional<Summary>& summary,
               TraceVerdict& verdict) const {
    verdict.tier = tiers_.Of(newest);
    verdict.keep = !summary || tiers_.Keeps(verdict.tier, id, *summary);
    if (verdict.tier < tiers_.Of(meta_.key.bucket)) verdict.judge_again = tiers_.EndOfTier(newest);
  }

  Status FindParts(TraceVerdict& verdict) const {
    if (!meta_.has_bases && !meta_.has_later) {
      verdict.parts = {meta_.key};
      return {};
    }
    auto parts = parts_.SealedParts(view_, verdict.id);
    if (!parts) return parts.error();
    if (std::find(parts->begin(), parts->end(), meta_.key) == parts->end()) {
      return Error{Code::kCorrupt, "is not among the parts of trace " + verdict.id.ToHex()};
    }
    verdict.parts = *std::move(parts);
    return {};
  }

  Status Summarize(std::size_t trace, TraceVerdict& verdict) const {
    if (verdict.parts.size() == 1) {
      Summary summary;
      const Status folded = FoldPart(segment_, trace, meta_.has_bases, kAllArrivals, summary);
      if (!folded) return folded;
      verdict.summary = std::move(summary);
      return {};
    }
    auto summary = parts_.SealedSummary(view_, verdict.id, verdict.parts, kAllArrivals);
    if (summary) verdict.summary = *std::move(summary);
    return {};
  }

  static constexpr std::uint64_t kAllArrivals = ~0ull;

  const View& view_;
  const TraceParts& parts_;
  FamilyStandings& families_;
  const SegmentReader& segment_;
  const SegmentMeta& meta_;
  const Tiers& tiers_;
};

}  // namespace

Result<std::vector<TraceVerdict>> Judge(const View& view, const TraceParts& parts,
                                        FamilyStandings& families, const SegmentReader& segment,
                                        const SegmentKey& key, const Tiers& tiers) {
  Judgement judgement(view, parts, families, segment, *view.catalog->at(key), tiers);
  std::vector<TraceVerdict> verdicts;
  verdicts.reserve(segment.traces());
  for (std::size_t trace = 0; trace < segment.traces(); ++trace) {
    auto verdict = judgement.Of(trace);
    if (!verdict) return verdict.error();
    verdicts.push_back(*std::move(verdict));
  }
  return verdicts;
}

void AddLosses(const std::vector<TraceVerdict>& verdicts, const SegmentMeta& meta,
               RetentionReport& report) {
  ++report.rewritten;
  for (const TraceVerdict& verdict : verdicts) {
    if (verdict.keep) continue;
    RetentionReport::Tier& tier =
        verdict.tier == Tier::kSample ? report.sampled : report.without_errors;
    tier.spans += verdict.rows;
    tier.bytes += meta.bytes * verdict.rows / meta.rows;
    if (verdict.base.empty()) ++tier.traces;
  }
}

}  // namespace clew::store
