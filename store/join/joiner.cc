#include "store/join/joiner.h"

#include <algorithm>
#include <protozero/exception.hpp>
#include <utility>

#include "store/otlp_fields.h"
#include "store/sampling_weight.h"

namespace clew::store {
namespace {

using Verdict = AliasVerdict;

// What is stored, and what this append has decided so far.
class Known {
 public:
  Known(const AliasReader& reader, const Joins& joins) : reader_(reader), joins_(joins) {}
  Result<std::optional<Alias>> AliasOf(const TraceId& trace) const {
    const auto at = joins_.aliases.find(trace);
    return at == joins_.aliases.end() ? reader_.AliasOf(trace) : std::optional<Alias>(at->second);
  }
  Result<FamilyExtent> ExtentOf(const TraceId& top) const {
    const auto at = joins_.extents.find(top);
    return at == joins_.extents.end() ? reader_.ExtentOf(top) : at->second;
  }

 private:
  const AliasReader& reader_;
  const Joins& joins_;
};

// Makes the alias unless a rule of alias.h forbids it.
Result<Verdict> Make(const Alias& alias, const AliasReader& reader, Joins& joins) {
  const Known known(reader, joins);
  const auto before = known.AliasOf(alias.trace);
  if (!before) return before.error();
  if (*before) {
    const bool same = (*before)->root == alias.root && (*before)->parent == alias.parent &&
                      (*before)->parent_trace == alias.parent_trace;
    return same ? Verdict::kMadeBefore : Verdict::kRefused;
  }
  TraceId top = alias.parent_trace;
  std::uint32_t depth = 1;
  for (;; ++depth) {
    const auto up = known.AliasOf(top);
    if (!up) return up.error();
    if (!*up) break;
    if (depth >= kMaxFamilyDepth) return Verdict::kRefused;
    top = (*up)->parent_trace;
  }
  // `alias.trace` is a top: a circle could only be closed there.
  if (top == alias.trace) return Verdict::kRefused;
  const auto below = known.ExtentOf(alias.trace);
  if (!below) return below.error();
  const auto whole = known.ExtentOf(top);
  if (!whole) return whole.error();
  const FamilyExtent extent{whole->traces + below->traces,
                            std::max(whole->height, depth + below->height)};
  if (extent.traces > kMaxFamily || extent.height > kMaxFamilyDepth) return Verdict::kRefused;
  joins.extents[top] = extent;
  joins.aliases.emplace(alias.trace, alias);
  return Verdict::kMade;
}

double WeightOf(const SpanRecord& span) {
  try {
    return SamplingWeight(ReadSpanFields(span.span).trace_state);
  } catch (const protozero::exception&) {
    return 1;
  }
}

Alias JoinOf(const WaitingSpan& client, const WaitingSpan& server) {
  // Not certain: two machines may use the same addresses, and numbers on the wire come again.
  constexpr std::uint16_t kConfidence = 9'900;
  return {.trace = server.trace,
          .root = server.span,
          .parent_trace = client.trace,
          .parent = client.span,
          .method = "join",
          .confidence = kConfidence};
}

JoinedCall CallOf(const WaitingSpan& client, const WaitingSpan& server) {
  return {.caller = client.service,
          .callee = server.service,
          .start = server.start,
          .duration = server.end - server.start,
          .error = server.error,
          .weight = server.weight};
}

}  // namespace

Status Joiner::Add(const SpanRecord& span, std::uint64_t sequence, UnixNanos now,
                   const AliasReader& reader, Joins& joins) {
  const JoinEvidence evidence = ReadJoinEvidence(span);
  if (evidence.claim) {
    const Alias alias{.trace = span.trace_id,
                      .root = span.span_id,
                      .parent_trace = evidence.claim->trace,
                      .parent = evidence.claim->span,
                      .method = evidence.claim->method,
                      .confidence = evidence.claim->confidence,
                      .sequence = sequence};
    const auto made = Make(alias, reader, joins);
    if (!made) return made.error();
    Count(*made, counters_.claimed);
  }
  if (!evidence.wire) return {};
  WaitingSpan end{.key = *evidence.wire,
                  .is_server = span.kind == kServerKind,
                  .error = span.status_code == 2,
                  .trace = span.trace_id,
                  .span = span.span_id,
                  .start = span.start,
                  .end = span.end,
                  .arrived = now,
                  .sequence = sequence,
                  .weight = WeightOf(span),
                  .service = span.service};
  joins.waiting.push_back(end);
  WaitingSpan partner;
  const JoinTable::Outcome outcome = table_.Add(end, partner);
  if (outcome == JoinTable::Outcome::kAmbiguous) ++counters_.ambiguous;
  if (outcome != JoinTable::Outcome::kJoined) return {};
  const WaitingSpan& client = end.is_server ? partner : end;
  const WaitingSpan& server = end.is_server ? end : partner;
  Alias alias = JoinOf(client, server);
  alias.sequence = sequence;
  const auto made = Make(alias, reader, joins);
  if (!made) return made.error();
  Count(*made, counters_.joined);
  if (*made == Verdict::kMade) joins.calls.push_back(CallOf(client, server));
  return {};
}

void Joiner::Count(Verdict verdict, std::uint64_t& made) {
  if (verdict == Verdict::kMade) ++made;
  if (verdict == Verdict::kRefused) ++counters_.refused;
}

Status Joiner::Replay(WaitingSpan span, const AliasReader& reader, std::vector<JoinedCall>& calls) {
  WaitingSpan partner;
  if (table_.Add(span, partner) != JoinTable::Outcome::kJoined) return {};
  const WaitingSpan& client = span.is_server ? partner : span;
  const WaitingSpan& server = span.is_server ? span : partner;
  Joins joins;
  const auto made = Make(JoinOf(client, server), reader, joins);
  if (!made) return made.error();
  if (*made == Verdict::kMadeBefore) calls.push_back(CallOf(client, server));
  return {};
}

void Joiner::Clear() {
  counters_ = counters();
  table_ = JoinTable();
}

JoinCounters Joiner::counters() const {
  JoinCounters counters = counters_;
  counters.unmatched += table_.unmatched();
  return counters;
}

}  // namespace clew::store
