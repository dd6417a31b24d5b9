#include "random_queries.h"

#include <array>

namespace clew::store {
namespace {

constexpr std::array<const char*, 6> kServices = {"a",    "ab", "abc",
                                                  "shop", "db", "unknown_service"};
constexpr std::array<const char*, 4> kKeys = {"code", "user", "name", "zone"};
constexpr std::array<const char*, 6> kTexts = {"", "500", "500.0", "u1", "u2", "true"};
constexpr std::array<const char*, 4> kRegexes = {"^5", "u[12]$", "", "0"};

}  // namespace

TestValue RandomQuestions::Value() {
  switch (Below(6)) {
    case 0:
      return OneIn(2);
    case 1:
      return static_cast<double>(Below(3)) * 250.5;
    case 2:
    case 3:
      return static_cast<std::int64_t>(Below(3) * 250);
    default:
      return std::string(kTexts[Below(kTexts.size())]);
  }
}

TestAttributes RandomQuestions::Attributes() {
  TestAttributes attributes;
  for (std::uint64_t n = Below(3); n > 0; --n) {
    attributes.emplace_back(kKeys[Below(kKeys.size())], Value());
  }
  return attributes;
}

TestSpan RandomQuestions::Span() {
  TestSpan span;
  span.trace = Below(kTraces);
  span.id = 1 + Below(12);
  span.parent = OneIn(4) ? 0 : 1 + Below(12);
  span.service = kServices[Below(kServices.size())];
  span.name = "op" + std::to_string(Below(5));
  span.start_ms = 100 + Below(50);
  span.duration_ms = Below(40);
  span.error = OneIn(10);
  span.payload = std::to_string(Below(2));
  span.kind = static_cast<std::uint8_t>(Below(6));
  span.attributes = Attributes();
  span.resource = Attributes();
  if (OneIn(5)) AddEvidence(span);
  return span;
}

// That it is one end of a call, or belongs to another trace.
void RandomQuestions::AddEvidence(TestSpan& span) {
  if (OneIn(4)) {
    const SpanRecord other = MakeSpan({.trace = Below(kTraces), .id = 1 + Below(12)});
    span.attributes = {{"clew.alias.trace_id", other.trace_id.ToHex()},
                       {"clew.alias.span_id", other.span_id.ToHex()}};
    return;
  }
  const bool client = OneIn(2);
  span.kind = client ? 3 : 2;
  if (!client) span.parent = 0;
  const std::string ends[] = {"10.0.0.1", "10.0.0.2"};
  span.attributes = {{"network.local.address", ends[client ? 0 : 1]},
                     {"network.local.port", std::int64_t{80}},
                     {"network.peer.address", ends[client ? 1 : 0]},
                     {"network.peer.port", std::int64_t{80}},
                     {"clew.request.tcp_seq", static_cast<std::int64_t>(Below(60))}};
}

Op RandomQuestions::Comparison() { return static_cast<Op>(Below(6)); }

UnixNanos RandomQuestions::Time() { return UnixNanosFrom((100 + Below(50)) * 1'000'000); }

Condition RandomQuestions::AttributeCondition() {
  Condition condition;
  condition.scope = static_cast<AttributeScope>(Below(3));
  condition.key = kKeys[Below(kKeys.size())];
  condition.op = static_cast<Op>(Below(8));
  if (condition.op == Op::kExists) return condition;
  if (condition.op == Op::kRegex) {
    condition.literal.text = kRegexes[Below(kRegexes.size())];
  } else if (OneIn(2)) {
    condition.literal.number = OneIn(2) ? Number(static_cast<std::int64_t>(Below(3) * 250))
                                        : Number(static_cast<double>(Below(3)) * 250.5);
  } else {
    condition.literal.text = kTexts[Below(kTexts.size())];
  }
  return condition;
}

Condition RandomQuestions::SpanCondition() {
  Condition condition;
  switch (Below(6)) {
    case 0:
      condition.field = Field::kService;
      condition.literal.text = kServices[Below(kServices.size())];
      if (OneIn(3)) condition.op = Comparison();
      return condition;
    case 1:
      condition.field = Field::kName;
      condition.literal.text = "op" + std::to_string(Below(5));
      if (OneIn(3)) condition.op = OneIn(2) ? Op::kRegex : Comparison();
      return condition;
    case 2:
      condition.field = Field::kKind;
      condition.op = OneIn(3) ? Op::kNotEqual : Op::kEqual;
      condition.literal.number = static_cast<std::int64_t>(Below(6));
      return condition;
    case 3:
      condition.field = Field::kStatus;
      condition.op = OneIn(2) ? Op::kNotEqual : Op::kEqual;
      condition.literal.number = static_cast<std::int64_t>(Below(3));
      return condition;
    case 4:
      condition.field = Field::kDuration;
      condition.op = Comparison();
      condition.literal.number = static_cast<std::int64_t>(Below(40) * 1'000'000);
      return condition;
    default:
      return AttributeCondition();
  }
}

Condition RandomQuestions::TraceCondition() {
  Condition condition;
  condition.op = Comparison();
  switch (Below(5)) {
    case 0:
      condition.field = Field::kTraceDuration;
      condition.literal.number = static_cast<std::int64_t>(Below(80) * 1'000'000);
      return condition;
    case 1:
      condition.field = Field::kTraceErrors;
      condition.literal.number = static_cast<std::int64_t>(Below(3));
      return condition;
    case 2:
      condition.field = Field::kTraceSpans;
      condition.literal.number = static_cast<std::int64_t>(Below(20));
      return condition;
    case 3:
      condition.field = Field::kRootService;
      condition.literal.text = kServices[Below(kServices.size())];
      return condition;
    default:
      condition.field = Field::kRootName;
      condition.literal.text = "op" + std::to_string(Below(5));
      return condition;
  }
}

Query RandomQuestions::Query() {
  store::Query query;
  for (std::uint64_t n = Below(4); n > 0; --n) {
    query.conditions.push_back(OneIn(5) ? TraceCondition() : SpanCondition());
  }
  if (OneIn(3)) query.start_min = Time();
  if (OneIn(3)) query.start_max = std::max(Time(), query.start_min);
  query.order = OneIn(3) ? Order::kSlowest : Order::kNewest;
  query.limit = static_cast<std::uint32_t>(1 + Below(40));
  return query;
}

}  // namespace clew::store
