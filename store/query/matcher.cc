#include "store/query/matcher.h"

#include <algorithm>
#include <protozero/exception.hpp>

#include "store/query/attributes.h"

namespace clew::store {
namespace {

bool FieldHolds(const Predicate& predicate, const SpanRecord& span) {
  switch (predicate.condition().field) {
    case Field::kService:
      return predicate.Holds(ValueView::String(span.service));
    case Field::kName:
      return predicate.Holds(ValueView::String(span.name));
    case Field::kKind:
      return predicate.Holds(ValueView::Int(span.kind));
    case Field::kStatus:
      return predicate.Holds(ValueView::Int(span.status_code));
    case Field::kDuration:
      return predicate.Holds(ValueView::Int((span.end - span.start).count()));
    default:
      return false;  // not a field of a span
  }
}

bool TraceHolds(const Predicate& predicate, const TraceSummary& summary) {
  switch (predicate.condition().field) {
    case Field::kTraceDuration:
      return predicate.Holds(ValueView::Int((summary.end - summary.start).count()));
    case Field::kTraceErrors:
      return predicate.Holds(ValueView::Int(summary.error_count));
    case Field::kTraceSpans:
      return predicate.Holds(ValueView::Int(summary.span_count));
    case Field::kRootService:
      return predicate.Holds(ValueView::String(summary.root_service));
    case Field::kRootName:
      return predicate.Holds(ValueView::String(summary.root_name));
    default:
      return false;  // not a field of a trace
  }
}

// The attribute conditions of a query that no attribute has fulfilled yet.
class Pending {
 public:
  explicit Pending(std::span<const Predicate> predicates) : predicates_(predicates) {
    static_assert(kMaxConditions <= 32);
    open_ = static_cast<std::uint32_t>((std::uint64_t{1} << predicates.size()) - 1);
  }
  bool none() const { return open_ == 0; }
  // False when nothing is open any more.
  bool Offer(AttributeScope scope, std::string_view key, const ValueView& value) {
    for (std::size_t i = 0; i < predicates_.size(); ++i) {
      const std::uint32_t bit = std::uint32_t{1} << i;
      const Condition& condition = predicates_[i].condition();
      const bool looks_here =
          condition.scope == AttributeScope::kEither || condition.scope == scope;
      if ((open_ & bit) != 0 && looks_here && condition.key == key && predicates_[i].Holds(value)) {
        open_ &= ~bit;
      }
    }
    return open_ != 0;
  }

 private:
  std::span<const Predicate> predicates_;
  std::uint32_t open_ = 0;  // a bit for each predicate
};

}  // namespace

Result<Matcher> Matcher::Make(const Query& query) {
  if (const Status valid = Validate(query); !valid) return valid.error();
  Matcher matcher;
  matcher.start_min_ = query.start_min;
  matcher.start_max_ = query.start_max;
  for (const Condition& condition : query.conditions) {
    auto predicate = Predicate::Make(condition);
    if (!predicate) return predicate.error();
    (IsOfTrace(condition.field) ? matcher.trace_ : matcher.span_).push_back(*std::move(predicate));
  }
  const auto attributes = std::stable_partition(
      matcher.span_.begin(), matcher.span_.end(),
      [](const Predicate& p) { return p.condition().field != Field::kAttribute; });
  matcher.fields_ = static_cast<std::size_t>(attributes - matcher.span_.begin());
  return matcher;
}

bool Matcher::MatchesSpan(const SpanRecord& span) const {
  const std::span<const Predicate> all(span_);
  for (const Predicate& predicate : all.first(fields_)) {
    if (!FieldHolds(predicate, span)) return false;
  }
  Pending pending(all.subspan(fields_));
  const auto offer_as = [&pending](AttributeScope scope) {
    return [&pending, scope](std::string_view key, const ValueView& value) {
      return pending.Offer(scope, key, value);
    };
  };
  try {
    if (!pending.none()) ReadSpanAttributes(span.span, offer_as(AttributeScope::kSpan));
    if (!pending.none())
      ReadResourceAttributes(*span.resource, offer_as(AttributeScope::kResource));
  } catch (const protozero::exception&) {  // what came before the damage counts
  }
  return pending.none();
}

bool Matcher::MatchesTrace(const TraceSummary& summary) const {
  return summary.start >= start_min_ && summary.start <= start_max_ &&
         std::all_of(trace_.begin(), trace_.end(),
                     [&](const Predicate& p) { return TraceHolds(p, summary); });
}

}  // namespace clew::store
