// Decides whether a span or a trace fulfils a query.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "store/query/predicate.h"
#include "store/span_record.h"

namespace clew::store {

// Const use from any thread.
class Matcher {
 public:
  // Validates the query. kInvalid says what is wrong.
  static Result<Matcher> Make(const Query& query);

  // All span conditions hold on this span. Attributes are decoded from the OTLP bytes, and only
  // when the cheaper conditions hold; of malformed bytes what comes before the damage counts.
  bool MatchesSpan(const SpanRecord& span) const;
  // All trace conditions hold and the trace starts within the query's time range.
  bool MatchesTrace(const TraceSummary& summary) const;

  // No span conditions: every trace has a span that matches.
  bool any_span() const { return span_.empty(); }
  // For stores that ask their columns and filters instead of spans.
  std::span<const Predicate> span_predicates() const { return span_; }
  std::span<const Predicate> trace_predicates() const { return trace_; }

 private:
  Matcher() = default;
  std::vector<Predicate> span_;  // fields first, attributes behind them
  std::size_t fields_ = 0;       // number of the former
  std::vector<Predicate> trace_;
  UnixNanos start_min_{};
  UnixNanos start_max_{};
};

}  // namespace clew::store
